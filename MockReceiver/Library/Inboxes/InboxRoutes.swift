import HTTPTypes
import Hummingbird

/// Inboxes on the admin port.
struct InboxRoutes {
    let control: ReceiverControl
    let dataPort: Int
    let tlsPort: Int?

    private static let standardSeconds = 86_400

    func add(to router: Router<AdminContext>) {
        router.post("inboxes", use: open)
        router.get("inboxes") { request, _ in control.inboxes().map { payload($0, request) } }
        router.get("inboxes/{token}", use: show)
        router.delete("inboxes/{token}", use: close)
    }

    @Sendable private func open(_ request: Request, _ context: AdminContext) throws -> Response {
        let query = try AdminQuery(request, ["expires"])
        guard control.configuration.journalCapacity > 0 else {
            throw Problem(
                .conflict, "an inbox needs the journal, which is off", mend: "start the receiver with --journal N")
        }
        let seconds = try query.text("expires").map(InboxRoutes.seconds) ?? InboxRoutes.standardSeconds
        guard let inbox = control.openInbox(lasting: seconds) else {
            throw Problem(
                .conflict, "\(InboxTable.most) inboxes are open",
                mend: "DELETE /inboxes/TOKEN closes one; each closes when it expires")
        }
        let payload = payload(inbox, request)
        var response = try context.responseEncoder.encode(payload, from: request, context: context)
        response.status = .created
        response.headers[.location] = payload.page
        return response
    }

    @Sendable private func show(_ request: Request, _ context: AdminContext) throws -> InboxContentPayload {
        let token = try context.parameters.require("token")
        guard let content = control.inbox(token) else { throw InboxRoutes.unknown(token) }
        return InboxContentPayload(
            inbox: payload(content.inbox, request), received: content.count,
            requests: content.entries.map(JournalPayload.init))
    }

    @Sendable private func close(_ request: Request, _ context: AdminContext) throws -> HTTPResponse.Status {
        let token = try context.parameters.require("token")
        guard control.closeInbox(token) else { throw InboxRoutes.unknown(token) }
        return .noContent
    }

    static func unknown(_ token: String) -> Problem {
        Problem(
            .notFound, "there is no inbox \(token.prefix(64)): it has expired or never existed",
            mend: "POST /inboxes makes one")
    }

    private static func seconds(_ written: String) throws -> Int {
        guard let milliseconds = ProgramQuantity.milliseconds(written),
            ReceiverControl.inboxSeconds.contains(milliseconds / 1_000)
        else {
            throw Problem(
                .badRequest, "expires: invalid value \"\(written)\"",
                mend: "expected a duration from 1s to 7d, such as 30m or 24h")
        }
        return milliseconds / 1_000
    }

    private func payload(_ inbox: Inbox, _ request: Request) -> InboxPayload {
        InboxPayload(inbox, host: host(request), dataPort: dataPort, tlsPort: tlsPort)
    }

    /// The name under which the caller reached this machine.
    private func host(_ request: Request) -> String {
        let authority = request.head.authority ?? control.configuration.host
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return authority }
        return String(authority[..<colon])
    }
}

struct InboxPayload: ResponseEncodable {
    let token: String
    /// Where webhooks go.
    let url: String
    /// The same over HTTPS; absent: the receiver has no such port.
    let tlsUrl: String?
    let path: String
    /// On the admin port: the live page.
    let page: String
    let expiresUs: Int64

    init(_ inbox: Inbox, host: String, dataPort: Int, tlsPort: Int?) {
        token = inbox.token
        path = inbox.path
        url = "http://\(host):\(dataPort)\(inbox.path)"
        tlsUrl = tlsPort.map { "https://\(host):\($0)\(inbox.path)" }
        page = "/inbox/\(inbox.token)"
        expiresUs = inbox.expires / 1_000
    }
}

struct InboxContentPayload: ResponseEncodable {
    let inbox: InboxPayload
    /// Since it was opened; the latest of them are shown.
    let received: Int
    let requests: [JournalPayload]
}
