import ArgumentParser
import Foundation
import MockReceiver
import NIOCore

/// The receiver that a verb asks, and how its answers are shown.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Admin port of the receiver (default: $MOCK_RECEIVER_ADMIN, else http://127.0.0.1:9401).", valueName: "url")
    )
    var admin: String?

    @Flag(help: "Print the answer unchanged: JSON.")
    var json = false

    var address: String {
        admin ?? ProcessInfo.processInfo.environment["MOCK_RECEIVER_ADMIN"] ?? "http://127.0.0.1:9401"
    }

    func validate() throws { _ = try caller() }

    private func caller() throws -> AdminCaller {
        do {
            return try AdminCaller(address)
        } catch {
            throw ValidationError("--admin: \(error)")
        }
    }

    /// The reply, if its status is among `expected`.
    ///
    /// - Parameter shape: what a receiver answers; anything else is not from a receiver.
    /// - Throws: `CommandFailure` with the problem's text for every other status.
    func call(
        _ method: String, _ target: String, answers shape: AdminCaller.Shape, body: String? = nil,
        expecting expected: Set<Int> = [200, 204], patience: TimeAmount = AdminCaller.patience
    ) async throws -> Answered {
        try await call(
            method, target, answers: shape, pieces: body.map(AdminOptions.once), expecting: expected, patience: patience
        )
    }

    func call(
        _ method: String, _ target: String, answers shape: AdminCaller.Shape,
        pieces: (@Sendable () throws -> ByteBuffer?)?, expecting expected: Set<Int>,
        patience: TimeAmount = AdminCaller.patience
    ) async throws -> Answered {
        let reply = try await caller().call(method, target, answers: shape, patience: patience, body: pieces)
        let answered = Answered(status: reply.status, text: String(decoding: reply.body, as: UTF8.self))
        guard expected.contains(reply.status) else { throw answered.failure }
        return answered
    }

    /// Writes the reply to standard output as it arrives.
    ///
    /// - Parameters:
    ///   - type: its media type.
    ///   - patience: nil: it may be silent without limit.
    func copy(_ target: String, type: String, patience: TimeAmount? = AdminCaller.patience) async throws {
        let reply = try await caller().call(
            "GET", target, answers: .text(type), patience: patience,
            onPiece: { Terminal.pass($0.readableBytesView) })
        guard reply.status == 200 else {
            throw Answered(status: reply.status, text: String(decoding: reply.body, as: UTF8.self)).failure
        }
    }

    private static func once(_ text: String) -> @Sendable () -> ByteBuffer? {
        // Read by one task, one part after the other.
        nonisolated(unsafe) var rest: ByteBuffer? = ByteBuffer(string: text)
        return {
            defer { rest = nil }
            return rest
        }
    }
}

/// The receiver's answer.
struct Answered {
    let status: Int
    let text: String

    var object: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:] }

    /// The detail and remedy of a problem document, in the command's terms.
    var failure: CommandFailure {
        let problem = object
        // The caller's mistake.
        let exit = status == 400 ? ExitStatus.usage : .couldNotRun
        // For a document that the command wrote, its lines and the form of a document mean nothing to the user.
        let mistakes = list("mistakes").compactMap { $0["text"] as? String }
        guard mistakes.isEmpty else {
            return CommandFailure(mistakes.map(CommandWords.option).joined(separator: "\n"), exit)
        }
        let detail = problem["detail"] as? String ?? "the answer is \(status): \(text.prefix(200))"
        let mend = (problem["mend"] as? String).map { "\n\(CommandWords.mend($0))" } ?? ""
        return CommandFailure((status == 400 ? CommandWords.option(detail) : detail) + mend, exit)
    }

    /// The items of an answer that is a list.
    var items: [[String: Any]] { (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [[String: Any]] ?? [] }

    func number(_ key: String) -> Int { object[key] as? Int ?? 0 }
    func texts(_ key: String) -> [String] { object[key] as? [String] ?? [] }
    func list(_ key: String) -> [[String: Any]] { object[key] as? [[String: Any]] ?? [] }
}

/// Selects requests.
struct FilterOptions: ParsableArguments {
    @Option(help: "Only this path; with * at its end every path with that prefix.")
    var path: String?

    @Option(help: "Only this webhook-id.")
    var id: String?

    @Option(help: "Only this signature verdict: valid, expired, future, wrong, missing, malformed, unchecked.")
    var verdict: String?

    @Option(help: "Only this status of the answer: 503, 5xx, or 0 for a reset.")
    var status: String?

    @Option(help: "Only these attempts of their message: 3, 1..3, 4.. or ..3.")
    var attempt: String?

    @Option(help: ArgumentHelp("Only with this header; * for any value.", valueName: "name:value"))
    var header: String?

    @Option(help: "Only if the body contains this text.")
    var body: String?

    @Option(parsing: .unconditional, help: "Only after this journal number.")
    var after: Int?

    var isEmpty: Bool { pairs.allSatisfy { $0.1 == nil } }

    var pairs: [(String, String?)] {
        [
            ("path", path), ("id", id), ("verdict", verdict), ("status", status), ("attempt", attempt),
            ("header", header),
            ("body", body), ("after", after.map { "\($0)" }),
        ]
    }
}

/// Replaces the admin port's terms, which are for users of HTTP, by the command's.
enum CommandWords {
    private static let parameters: Set<String> = [
        "path", "id", "verdict", "status", "attempt", "header", "body", "after", "limit", "timeout", "requests",
        "accepted", "format", "expires", "count", "retry_after", "fault",
    ]

    /// Longer texts before shorter ones.
    private static let verbs = [
        ("GET /journal?id=", "`journal --id ID`"), ("GET /journal", "`journal`"), ("POST /reset", "`reset`"),
        ("DELETE /inboxes/TOKEN", "`inbox close TOKEN`"), ("POST /inboxes", "`inbox`"),
        ("GET /help lists what does", "is the receiver another version?"), ("timeout=SECONDS", "--timeout SECONDS"),
    ]

    /// `status: …` as `--status: …`.
    static func option(_ detail: String) -> String {
        guard let colon = detail.firstIndex(of: ":") else { return detail }
        let name = String(detail[..<colon])
        if Fault.measured.contains(name) { return "--fault \(detail)" }
        guard parameters.contains(name) else { return detail }
        return "--\(name.replacing("_", with: "-"))\(detail[colon...])"
    }

    static func mend(_ text: String) -> String {
        verbs.reduce(text) { text, form in text.replacing(form.0, with: form.1) }
    }
}

/// A text as one segment of a path.
func segment(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text }

/// A path and a query with those values that are set.
func target(_ path: String, _ pairs: [(String, String?)] = []) -> String {
    var open = CharacterSet.urlQueryAllowed
    open.remove(charactersIn: "&=+;#?")
    let parts = pairs.compactMap { name, value in
        value.map { "\(name)=\($0.addingPercentEncoding(withAllowedCharacters: open) ?? "")" }
    }
    return parts.isEmpty ? path : "\(path)?\(parts.joined(separator: "&"))"
}
