import Access
import Management

/// Routes: health and metrics, at the root. Health needs no key.
enum ServerRoutes {
    static let table: [Route] = [
        Route(
            method: .get, pattern: "/health/live", admission: .open, operation: "getLiveness",
            summary: "Whether the process answers.",
            response: ResponseShape(
                status: 200, meaning: "It does.", shape: health, example: ["status": "live"]),
            handle: live),
        Route(
            method: .get, pattern: "/health/ready", admission: .open, operation: "getReadiness",
            summary: "Whether the server takes events; if not, the reason.",
            response: ResponseShape(status: 200, meaning: "It does.", shape: health, example: ["status": "ready"]),
            others: [
                ResponseShape(
                    status: 503, meaning: "It does not.", shape: health,
                    example: [
                        "status": "not_ready", "reason": "stopping", "detail": "the server drains and ends",
                    ])
            ],
            handle: ready),
        Route(
            method: .get, pattern: "/metrics", admission: .key(.readMetrics), operation: "getMetrics",
            summary: "The counters of the server in the text format of Prometheus.",
            response: ResponseShape(status: 200, meaning: "The metrics.", type: "text/plain"), handle: metrics),
    ]

    private static let health = Shape.object(
        "Health",
        [
            Shape.Field("status", .choice(["live", "ready", "not_ready"]), "The state."),
            Shape.Field(
                "reason", .choice(["starting", "stopping", "refusing"]), "Why it is not ready.", isRequired: false),
            Shape.Field("detail", .text, "The same for people.", isRequired: false),
        ])

    @Sendable private static func live(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        .json(["status": "live"])
    }

    @Sendable private static func ready(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        switch exchange.desk.readiness {
        case .ready: .json(["status": "ready"])
        case .notReady(let reason, let detail):
            .json(["status": "not_ready", "reason": .text(reason), "detail": .text(detail)], status: 503)
        }
    }

    @Sendable private static func metrics(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        try exchange.caller.require(.readMetrics)
        return .text(PrometheusText.text(exchange.desk.settings.metrics()), type: PrometheusText.type)
    }
}
