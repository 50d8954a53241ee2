import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import WebhookModel

/// The admin port's requests.
///
/// | | |
/// |---|---|
/// | `GET /health` | 200 while the receiver runs |
/// | `GET /stats` | sums of all endpoints |
/// | `GET /endpoints` | the same per path |
/// | `GET /messages/{webhook id}` | one message's account at every path that saw it; 404 |
/// | `GET /journal?limit=&path=&id=` | the latest requests, newest first |
/// | `POST /await?accepted=N` or `requests=N`, `&timeout=SECONDS` | 200 once it holds, 408 when the time is over |
/// | `PUT /program` | a behaviour program in YAML or JSON; 400 with every mistake and its line |
/// | `POST /reset` | forgets accounts, counters, endpoints and the journal |
struct AdminRoutes {
    let control: ReceiverControl

    private static let mostWaitSeconds = 3_600.0
    private static let standardWaitSeconds = 30.0

    func router() -> Router<AdminContext> {
        let router = Router(context: AdminContext.self)
        router.get("health") { _, _ in "ok\n" }
        router.get("stats") { _, _ in StatsPayload(control.stats()) }
        router.get("endpoints") { _, _ in control.endpoints().map(EndpointPayload.init) }
        router.get("messages/{id}", use: message)
        router.get("journal", use: journal)
        router.post("await", use: wait)
        router.put("program", use: program)
        router.post("reset") { _, _ in
            control.reset()
            return HTTPResponse.Status.noContent
        }
        return router
    }

    @Sendable private func message(_ request: Request, _ context: AdminContext) throws -> MessagePayload {
        let raw = try context.parameters.require("id")
        let text = raw.removingPercentEncoding ?? raw
        let id = Array(text.utf8).withUnsafeBytes { EventID.of(webhookID: $0).id }
        let accounts = control.accounts(of: id)
        guard !accounts.isEmpty else { throw HTTPError(.notFound, message: "no message \(text) was received") }
        return MessagePayload(id: text, accounts: accounts.map { AccountPayload(path: $0.path, $0.account) })
    }

    @Sendable private func journal(_ request: Request, _ context: AdminContext) throws -> [JournalPayload] {
        let query = request.uri.queryParameters
        let limit = try number("limit", query, orElse: 100)
        let path = query.get("path")
        let id = query.get("id")
        return control.journal().lazy
            .filter { (path == nil || $0.path == path) && (id == nil || $0.id == id) }
            .prefix(max(0, limit)).map(JournalPayload.init)
    }

    @Sendable private func wait(_ request: Request, _ context: AdminContext) async throws -> EditedResponse<StatsPayload> {
        let query = request.uri.queryParameters
        let seconds = try number("timeout", query, orElse: AdminRoutes.standardWaitSeconds)
        guard (0...AdminRoutes.mostWaitSeconds).contains(seconds) else {
            throw HTTPError(.badRequest, message: "timeout: 0 to \(Int(AdminRoutes.mostWaitSeconds)) seconds")
        }
        let condition: ReceiverCondition
        if query.get("accepted") != nil {
            condition = .accepted(try number("accepted", query, orElse: 0))
        } else if query.get("requests") != nil {
            condition = .requests(try number("requests", query, orElse: 0))
        } else {
            throw HTTPError(.badRequest, message: "say what to await: accepted=N or requests=N")
        }
        let holds = await control.wait(for: condition, timeout: .seconds(seconds))
        return EditedResponse(status: holds ? .ok : .requestTimeout, response: StatsPayload(control.stats()))
    }

    @Sendable private func program(_ request: Request, _ context: AdminContext) async throws -> ProgramPayload {
        let bytes = try await request.body.collect(upTo: ProgramFile.mostBytes)
        let program: BehaviourProgram
        do {
            program = try ProgramFile.parse(String(buffer: bytes))
        } catch {
            throw HTTPError(.badRequest, message: error.description)
        }
        control.replace(program)
        return ProgramPayload(rules: program.rules.count, secretRules: program.secrets?.count)
    }

    private func number<Number: LosslessStringConvertible>(
        _ name: String, _ query: Parameters, orElse standard: Number
    ) throws -> Number {
        guard let text = query.get(name) else { return standard }
        guard let number = Number(text) else { throw HTTPError(.badRequest, message: "\(name): \"\(text)\" is no number") }
        return number
    }
}

/// JSON with snake_case keys in a fixed order.
struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: Source) { coreContext = CoreRequestContextStorage(source: source) }

    var responseEncoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
