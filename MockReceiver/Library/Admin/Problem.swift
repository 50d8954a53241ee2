import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// What is wrong with a request, and the remedy (`mend`): a problem document (RFC 9457).
struct Problem: Error, HTTPResponseError, Encodable {
    /// The title of the status; such a problem needs no type (RFC 9457 section 4.2.1).
    let title: String
    let code: Int
    let detail: String
    /// What to do instead.
    let mend: String?
    /// Every mistake in a file that was sent.
    var mistakes: [Mistake]?
    /// What was found: for an await that ran out of time, and for a verification.
    var found: Int?
    /// For an await: there may have been more than was found.
    var inconclusive: Bool?

    struct Mistake: Encodable {
        let line: Int
        let column: Int
        let text: String
    }

    enum CodingKeys: String, CodingKey {
        case title, detail, mend, mistakes, found, inconclusive
        case code = "status"
    }

    init(_ status: HTTPResponse.Status, _ detail: String, mend: String? = nil) {
        title = status.reasonPhrase
        code = status.code
        self.detail = detail
        self.mend = mend
    }

    /// A program or a list of assertions that cannot be used.
    init(_ error: ProgramError, mend: String) {
        self.init(.badRequest, error.description, mend: mend)
        mistakes = error.mistakes.map { Mistake(line: $0.line, column: $0.column, text: $0.text) }
    }

    var status: HTTPResponse.Status { HTTPResponse.Status(code: code) }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try context.responseEncoder.encode(self, from: request, context: context)
        response.status = status
        response.headers[.contentType] = "application/problem+json"
        return response
    }
}

/// Turns every other error into a problem, and refuses pages of other web sites.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = AdminContext

    /// The names of this host, in addition to its addresses.
    let names: Set<String>

    init(_ configuration: ReceiverConfiguration) {
        names = Set(
            (["localhost", configuration.host, ownName] + configuration.adminNames + configuration.tlsNames).map {
                $0.lowercased()
            })
    }

    func handle(
        _ request: Request, context: AdminContext, next: (Request, AdminContext) async throws -> Response
    ) async throws -> Response {
        do {
            try refuseStrangers(request)
            return try await next(request, context)
        } catch let problem as Problem {
            throw problem
        } catch let error as HTTPError where error.status == .notFound || error.status == .methodNotAllowed {
            throw Problem(
                error.status, "\(request.method) \(request.uri.path) does not exist here",
                mend: "GET /help lists what does")
        } catch let error as any HTTPResponseError where error.status == .contentTooLarge {
            throw Problem(
                error.status, "the body is too large",
                mend: "send at most \(request.uri.path == "/fault" ? Strike.mostBytes : ProgramFile.mostBytes) bytes")
        } catch let error as any HTTPResponseError {
            throw Problem(error.status, "\(error)")
        }
    }

    /// A page of another site, open in the tester's browser, must not change anything here, and must not read anything
    /// through a name that was pointed at this machine (DNS rebinding).
    private func refuseStrangers(_ request: Request) throws {
        if let host = request.head.authority.map(nameOnly), !names.contains(host.lowercased()), !isAddress(host) {
            throw Problem(
                .forbidden, "\(host.prefix(255)) is not a name of this receiver",
                mend: "use its address or localhost, or start it with --admin-name \(host.prefix(255))")
        }
        guard request.method != .get, let origin = request.headers[.origin], let host = request.head.authority else {
            return
        }
        guard origin == "http://\(host)" || origin == "https://\(host)" else {
            throw Problem(
                .forbidden, "a page of \(origin) must not change anything here",
                mend: "use the receiver's own page, or a client that sends no Origin")
        }
    }
}

/// A host without its port: `[::1]:80` is `::1`.
private func nameOnly(_ authority: String) -> String {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
        return String(authority[authority.index(after: authority.startIndex)..<end])
    }
    return authority.lastIndex(of: ":").map { String(authority[..<$0]) } ?? authority
}

private func isAddress(_ host: String) -> Bool { IPAddressBytes.of(host) != nil }

/// gethostname(2).
private var ownName: String {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
