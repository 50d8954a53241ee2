import ManagementAPI
import TestSupport
import Testing
import WebhookModel

/// Errors that no route decides have the API's form too.
@Suite struct ProblemTests {
    @Test func `requests that no route takes`() async throws {
        let api = try await RunningAPI()
        let event = #"{"tenant":"acme","type":"order.placed","payload":{}}"#
        let long = String(repeating: "x", count: Limits.apiTargetBytes)
        let cases: [(HTTPCall.Answer, Int, String)] = [
            (try await api.call("GET", "/nowhere"), 404, "not_found"),
            (try await api.call("GET", "/api/v1/webhooks/"), 404, "not_found"),
            (try await api.call("DELETE", "/health/live"), 405, "method_not_allowed"),
            (try await api.call("GET", "/api/v1/webhooks", key: nil), 401, "unauthenticated"),
            (try await api.call("GET", "/api/v1/webhooks", key: "ntk_wrong"), 401, "unauthenticated"),
            (try await api.call("GET", "/api/v1/webhooks", key: RunningAPI.expired), 401, "unauthenticated"),
            (try await api.call("GET", "/api/v1/webhooks", key: RunningAPI.publisher), 403, "missing_scope"),
            (try await api.call("GET", "/api/v1/webhooks?limt=1"), 400, "did you mean limit?"),
            (try await api.call("GET", "/api/v1/webhooks?limit=1&limit=2"), 400, "given twice"),
            (try await api.call("GET", "/api/v1/webhooks?limit=201"), 400, "a whole number from 1 to 200"),
            (try await api.call("GET", "/api/v1/tenants/%ff"), 400, "malformed"),
            (try await api.call("GET", "/health/live?a=\(long)"), 414, "target_too_long"),
            (
                try await api.call("POST", "/api/v1/events", headers: [("Content-Type", "text/csv")], body: event),
                415, "unsupported_media_type"
            ),
        ]
        for (answer, status, word) in cases {
            #expect(answer.status == status && answer.body.contains(word), "\(answer)")
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.body.contains(#""status":\#(status),"#))
        }
        #expect(cases[2].0.headers["allow"] == "GET")
        #expect(cases[3].0.headers["www-authenticate"] == "Bearer")
        await api.stop()
    }

    @Test func `a body that is announced too large is not read`() async throws {
        let api = try await RunningAPI()
        let head =
            "POST /api/v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer \(RunningAPI.admin)\r\n"
            + "Content-Type: application/json\r\nContent-Length: \(Limits.apiEventBytes + 1)\r\n\r\n"
        let body = String(repeating: " ", count: Limits.apiEventBytes + 1)
        let answer = try await HTTPCall.send(raw: head + body, port: api.server.port)
        #expect(answer.status == 413 && answer.body.contains("too_large"))
        await api.stop()
    }

    @Test func `a port in use is told`() async throws {
        let api = try await RunningAPI()
        let error = await #expect(throws: APIStartError.self) {
            _ = try await RunningAPI { configuration, _ in configuration.port = api.server.port }
        }
        #expect(error?.description.contains("is in use by another process; stop it, choose --api-port") == true)
        await api.stop()
    }
}
