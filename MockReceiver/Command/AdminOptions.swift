import ArgumentParser
import Foundation
import MockReceiver
import NIOCore

/// Where the receiver is that a verb asks, and how its answers are shown.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Admin port of the receiver (default: $MOCK_RECEIVER_ADMIN, else http://127.0.0.1:9401).", valueName: "url")
    )
    var admin: String?

    @Flag(help: "Print the answer as it comes: JSON.")
    var json = false

    var address: String {
        admin ?? ProcessInfo.processInfo.environment["MOCK_RECEIVER_ADMIN"] ?? "http://127.0.0.1:9401"
    }

    /// The reply, whatever its status among `expected`.
    ///
    /// - Throws: `CommandFailure` with the problem's words for every other status.
    func call(_ method: String, _ target: String, body: String? = nil, expecting expected: Set<Int> = [200, 204])
        async throws -> Answered
    {
        try await call(method, target, pieces: body.map(AdminOptions.once), expecting: expected)
    }

    func call(
        _ method: String, _ target: String, pieces: (@Sendable () throws -> ByteBuffer?)?, expecting expected: Set<Int>
    ) async throws -> Answered {
        let reply = try await AdminCaller(address).call(method, target, body: pieces)
        let answered = Answered(status: reply.status, text: String(decoding: reply.body, as: UTF8.self))
        guard expected.contains(reply.status) else { throw answered.failure }
        return answered
    }

    /// Writes the reply to standard output as it comes.
    func copy(_ target: String) async throws {
        let reply = try await AdminCaller(address).call("GET", target, onPiece: { Terminal.pass($0.readableBytesView) })
        guard reply.status == 200 else {
            throw Answered(status: reply.status, text: String(decoding: reply.body, as: UTF8.self)).failure
        }
    }

    private static func once(_ text: String) -> @Sendable () -> ByteBuffer? {
        // Read by one task, one piece after the other.
        nonisolated(unsafe) var rest: ByteBuffer? = ByteBuffer(string: text)
        return {
            defer { rest = nil }
            return rest
        }
    }
}

/// What the receiver said.
struct Answered {
    let status: Int
    let text: String

    var object: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:] }

    /// A problem document's detail and mend.
    var failure: CommandFailure {
        let problem = object
        guard let detail = problem["detail"] as? String else {
            return CommandFailure("the answer is \(status): \(text.prefix(200)); is this a mock receiver's admin port?")
        }
        return CommandFailure(detail + ((problem["mend"] as? String).map { "\n\($0)" } ?? ""))
    }

    /// Of an answer that is a list.
    var items: [[String: Any]] { (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [[String: Any]] ?? [] }

    func number(_ key: String) -> Int { object[key] as? Int ?? 0 }
    func texts(_ key: String) -> [String] { object[key] as? [String] ?? [] }
    func list(_ key: String) -> [[String: Any]] { object[key] as? [[String: Any]] ?? [] }
}

/// Which requests are meant.
struct FilterOptions: ParsableArguments {
    @Option(help: "Only this path; with * at its end every path that begins so.")
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

    @Option(help: "Only where the body holds this text.")
    var body: String?

    @Option(help: "Only after this number of the journal.")
    var after: Int?

    var pairs: [(String, String?)] {
        [
            ("path", path), ("id", id), ("verdict", verdict), ("status", status), ("attempt", attempt),
            ("header", header),
            ("body", body), ("after", after.map { "\($0)" }),
        ]
    }
}

/// A text as one segment of a path.
func segment(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text }

/// A path and a query of those values that are there.
func target(_ path: String, _ pairs: [(String, String?)] = []) -> String {
    var open = CharacterSet.urlQueryAllowed
    open.remove(charactersIn: "&=+;#?")
    let parts = pairs.compactMap { name, value in
        value.map { "\(name)=\($0.addingPercentEncoding(withAllowedCharacters: open) ?? "")" }
    }
    return parts.isEmpty ? path : "\(path)?\(parts.joined(separator: "&"))"
}
