import Access
import HTTPTypes
import Hummingbird
import Management
import NIOCore
import Threading
import WebhookModel

/// Answers every request: finds its route, checks its key, reads its body, and turns what the handler returns into
/// HTTP.
///
/// It takes the place of Hummingbird's router, so that each answer, 404 and 405 too, has the form of this API.
struct APIResponder: HTTPResponder {
    struct Context: InitializableFromSource {
        /// For the limit of failed attempts; nil: a Unix socket.
        let peer: SocketAddress?

        init(source: ApplicationRequestContextSource) { peer = source.channel.remoteAddress }
    }

    let desk: ManagementDesk
    let configuration: APIConfiguration

    /// - Throws: only what ends the connection: its peer is gone, or sent no HTTP.
    @Sendable func respond(to request: Request, context: Context) async throws -> Response {
        let answer: Answer
        do {
            answer = try await self.answer(to: request)
        } catch let problem as Problem {
            answer = problem.answer
        } catch let error as ManagementError {
            answer = Problem(error).answer
        }
        return response(answer, withBody: request.method != .head)
    }

    private func answer(to request: Request) async throws -> Answer {
        let text = request.head.path ?? "/"
        guard text.utf8.count <= Limits.apiTargetBytes else {
            throw Problem(.targetTooLong, "the path and its query have more than \(Limits.apiTargetBytes) bytes")
        }
        guard let target = Target(text) else {
            throw Problem(.refusal(.malformed), "the path or the query is not percent-encoded UTF-8")
        }
        // What GET answers, without its body (RFC 9110, 9.3.2).
        let method = Route.Method(rawValue: request.method == .head ? "GET" : request.method.rawValue)
        switch RouteTable.tree.match(method, target.segments) {
        case .none: throw Problem(.refusal(.notFound), "there is no such path; /openapi.json lists all of them")
        case .otherMethods(let methods): throw Problem.methodNotAllowed(methods)
        case .route(let route, let path):
            // The key first: who has none learns nothing, and makes the server read no body.
            let caller = try caller(of: request, for: route)
            let query = try target.parameters(route.parameters)
            let exchange = Exchange(
                desk: desk, client: caller, path: path, query: query, headers: headers(request.headers),
                body: try await body(of: request, for: route))
            return try await route.handle(exchange)
        }
    }

    // MARK: The key

    /// Nil: the route needs none.
    private func caller(of request: Request, for route: Route) throws -> Caller? {
        guard case .key(let permission) = route.admission else { return nil }
        let directory = desk.access.directory
        let key = bearer(request.headers[.authorization])
        guard let authentication = desk.access.authenticate(key, nil) else {
            let reason = key.isEmpty ? "no API key was shown" : "\(AccessRefusal.unknownKey)"
            throw Problem(.refusal(.unauthenticated), "\(reason); send Authorization: Bearer with a key of this server")
        }
        let caller = Caller(authentication, directory: directory, now: Instant.now().wallMilliseconds)
        try caller.require(permission)
        return caller
    }

    private func bearer(_ header: String?) -> [UInt8] {
        guard let header, header.utf8.count > 7, header.prefix(7).lowercased() == "bearer " else { return [] }
        return Array(header.dropFirst(7).trimmed.utf8)
    }

    // MARK: The body

    private func body(of request: Request, for route: Route) async throws -> [UInt8] {
        guard let shape = route.request else { return [] }
        let type = request.headers[.contentType]?.split(separator: ";").first?.trimmed.lowercased() ?? ""
        guard shape.types.contains(type) else {
            throw Problem(.unsupportedMediaType, "expected Content-Type: \(shape.types.joined(separator: " or "))")
        }
        let tooLarge = Problem(.refusal(.tooLarge), "the body has more than \(shape.most) bytes")
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > shape.most { throw tooLarge }
        let deadline = Instant.now().monotonic + configuration.bodyMilliseconds * 1_000_000
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= shape.most else { throw tooLarge }
            bytes += part.readableBytesView
            // Looked at with each part: a task for a timer would cost more than the rest of the request. A client that
            // sends nothing at all meets the time-out of the connection.
            if Instant.now().monotonic > deadline {
                let seconds = configuration.bodyMilliseconds / 1_000
                throw Problem(.bodyTimeout, "the body took more than \(seconds) seconds")
            }
        }
        return bytes
    }

    private func headers(_ fields: HTTPFields) -> [String: String] {
        Dictionary(fields.map { ($0.name.canonicalName, $0.value) }) { "\($0), \($1)" }
    }

    // MARK: The answer

    private func response(_ answer: Answer, withBody: Bool) -> Response {
        var fields = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        // Keys and payloads do not belong into caches.
        fields[.cacheControl] = "no-store"
        fields[.xContentTypeOptions] = "nosniff"
        let status = HTTPResponse.Status(code: answer.status)
        switch answer.body {
        case .none: return Response(status: status, headers: fields)
        case .bytes(let bytes, let type):
            fields[.contentType] = type
            guard withBody else {
                fields[.contentLength] = "\(bytes.count)"
                return Response(status: status, headers: fields)
            }
            return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .stream(let pieces, let type):
            fields[.contentType] = type
            let body = ResponseBody { writer in
                for await piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            }
            return Response(status: status, headers: fields, body: body)
        }
    }
}
