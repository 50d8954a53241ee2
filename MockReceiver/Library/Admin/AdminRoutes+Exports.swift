import HTTPTypes
import Hummingbird
import NIOCore

extension AdminRoutes {
    func addExports(to router: Router<AdminContext>) {
        router.get("export", use: export)
        router.get("stream", use: stream)
    }

    @Sendable private func export(_ request: Request, _ context: AdminContext) throws -> Response {
        let query = try AdminQuery(request, ["format"] + AdminQuery.filterNames)
        let format = query.text("format") ?? "ndjson"
        guard let kind = ExportFormat(rawValue: format) else {
            throw Problem(
                .badRequest, "format: \(NearWord.unknown(format, among: ExportFormat.allCases.map(\.rawValue)))")
        }
        let filter = try query.filter()
        let entries = Array(try entries().reversed().lazy.filter(filter.matches))
        let port = request.head.authority ?? "127.0.0.1"
        return Response(
            status: .ok, headers: [.contentType: kind.contentType],
            body: ResponseBody { writer in
                for piece in kind.pieces(entries, host: port) { try await writer.write(try piece()) }
                try await writer.finish(nil)
            })
    }

    @Sendable private func stream(_ request: Request, _ context: AdminContext) throws -> Response {
        let query = try AdminQuery(request, AdminQuery.filterNames)
        let filter = try query.filter()
        guard let place = streams.enter() else {
            throw Problem(
                .serviceUnavailable, "\(StreamGate.most) streams are open",
                mend: "close one, or poll GET /journal")
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var stream = EventStream(control, filter)
                while !control.isStopping, let event = try await stream.next() { try await writer.write(event) }
                withExtendedLifetime(place) {}
                try await writer.finish(nil)
            })
    }
}
