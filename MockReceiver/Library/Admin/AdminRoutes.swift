import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import WebhookModel

/// The admin port's requests; <doc:AdminAPI> is their reference.
struct AdminRoutes {
    let control: ReceiverControl
    let dataPort: Int
    let tlsPort: Int?
    let streams = StreamGate()

    /// The text of `GET /help`.
    static let table = """
        GET  /                        the page: rates, attempts, signatures
        GET  /health                  200 while the receiver runs
        GET  /help                    this table
        GET  /stats                   sums of all endpoints
        GET  /endpoints               the same per path
        GET  /metrics                 Prometheus text
        GET  /ca.pem                  the certificate that senders must trust for HTTPS
        GET  /messages/ID             one message's account at every path that saw it
        GET  /messages/ID/timeline    its attempts: time, gap, answer
        GET  /journal                 latest requests, newest first; limit= and the filter
        GET  /stream                  server-sent events: stats, and requests as they come; the filter
        GET  /export                  the journal as a file: format=ndjson or har; the filter
        GET  /program                 the current program, as YAML, without secrets
        PUT  /program                 replace it: YAML or JSON
        POST /program/check           report its mistakes only
        GET  /programs, /programs/N   ready programs: names, and the YAML of one
        POST /fault                   the next requests of a path only: {path: /a, count: 1, status: 503}
        POST /await                   wait for requests=N that match the filter, or accepted=N messages; timeout=SECONDS
        POST /verify                  check assertions, YAML or JSON: 200 all hold, 409 not
        POST /reconcile               a producer's ledger, NDJSON: 200 proven, 409 not; path=
        POST /inboxes                 a separate path for 24 hours: {url, page}; expires=1h
        GET  /inboxes, /inboxes/T     open inboxes; the requests of one, newest first
        DELETE /inboxes/T             closes one
        POST /reset                   forgets accounts, counters, endpoints and the journal
        The filter: path= id= verdict= status= attempt= header=name:value body=TEXT after=NUMBER

        """

    func router() -> Router<AdminContext> {
        let router = Router(context: AdminContext.self)
        router.add(middleware: ProblemMiddleware(control.configuration))
        router.get("health") { _, _ in "ok\n" }
        router.get("help") { _, _ in AdminRoutes.table }
        router.get("stats") { _, _ in StatsPayload(control.stats()) }
        router.get("endpoints") { _, _ in control.endpoints().map(EndpointPayload.init) }
        router.get("metrics") { _, _ in
            Response.text(PrometheusText.text(control.stats(), control.endpoints()), "text/plain; version=0.0.4")
        }
        router.get("ca.pem") { _, _ in
            guard let pem = control.authorityCertificate else {
                throw Problem(
                    .notFound, "there is no HTTPS port",
                    mend: "start the receiver with --tls-port N (in a test: tlsPort)")
            }
            return Response.text(pem, "application/x-pem-file")
        }
        router.get("messages/{id}", use: message)
        router.get("messages/{id}/timeline", use: timeline)
        router.get("journal", use: journal)
        router.post("reset") { _, _ in
            control.reset()
            return HTTPResponse.Status.noContent
        }
        addPrograms(to: router)
        addChecks(to: router)
        addExports(to: router)
        addFaults(to: router)
        InboxRoutes(control: control, dataPort: dataPort, tlsPort: tlsPort).add(to: router)
        PageRoutes(control: control).add(to: router)
        return router
    }

    @Sendable private func message(_ request: Request, _ context: AdminContext) throws -> MessagePayload {
        let (text, accounts) = try found(context)
        return MessagePayload(id: text, accounts: accounts.map { AccountPayload(path: $0.path, $0.account) })
    }

    @Sendable private func timeline(_ request: Request, _ context: AdminContext) throws -> TimelinePayload {
        let (text, accounts) = try found(context)
        return TimelinePayload(
            id: text, accounts, control.journal().filter { $0.id == JournalEntry.kept(id: text) }.reversed())
    }

    private func found(_ context: AdminContext) throws -> (
        id: String, accounts: [(path: String, account: MessageAccount)]
    ) {
        let raw = try context.parameters.require("id")
        let text = raw.removingPercentEncoding ?? raw
        let accounts = control.accounts(of: LedgerEntry(webhookID: text).id)
        guard !accounts.isEmpty else {
            guard control.stats().uncounted == 0 else {
                throw Problem(
                    .notFound,
                    "there is no account of \(text), and the accounts are full: it may have arrived (inconclusive)",
                    mend: "start the receiver with a larger --messages; GET /journal?id= shows the latest")
            }
            throw Problem(
                .notFound, "no message \(text) was received", mend: "GET /journal shows the ids of the latest")
        }
        return (text, accounts)
    }

    @Sendable private func journal(_ request: Request, _ context: AdminContext) throws -> [JournalPayload] {
        let query = try AdminQuery(request, ["limit"] + AdminQuery.filterNames)
        let limit = try query.number("limit", 0...1_000_000) ?? 100
        let filter = try query.filter()
        return try entries().lazy.filter(filter.matches).prefix(limit).map(JournalPayload.init)
    }

    /// Newest first.
    func entries() throws -> [JournalEntry] {
        try needJournal()
        return control.journal()
    }

    func needJournal() throws {
        guard control.configuration.journalCapacity > 0 else {
            throw Problem(
                .conflict, "the journal is off",
                mend: "start the receiver with --journal N (in a test: journalCapacity)")
        }
    }
}

/// JSON with snake_case keys in a fixed order.
struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: Source) { coreContext = CoreRequestContextStorage(source: source) }

    var responseEncoder: JSONEncoder { AdminJSON.encoder(isPretty: true) }
}

enum AdminJSON {
    static func encoder(isPretty: Bool) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return encoder
    }

    /// One line, without its end.
    static func line(_ value: some Encodable) throws -> ByteBuffer {
        ByteBuffer(bytes: try encoder(isPretty: false).encode(value))
    }
}

extension Response {
    static func text(_ text: String, _ type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
