import MockReceiver
import TestSupport
import Testing
import WebhookModel
import WebhookSigning

/// A receiver that knows the secret, for the length of `body`.
func withReceiver(_ rules: [BehaviourProgram.Rule] = [], _ body: (ReceiverServer) async throws -> Void) async throws {
    var configuration = ReceiverConfiguration()
    configuration.program = BehaviourProgram(
        rules: rules, secrets: [.init(.all, try SecretSet(written: [Sample.secret]))])
    configuration.messageCap = 100_000
    configuration.journalCapacity = 64
    let receiver = try await ReceiverServer.start(configuration)
    do {
        try await body(receiver)
    } catch {
        try await receiver.stop()
        throw error
    }
    try await receiver.stop()
}

extension ReceiverServer {
    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Waits until each of these is accepted at this path. Returns those that were not.
    func missing(_ ids: [EventID], path: String, seconds: Int = 20) async -> [EventID] {
        while true {
            let accepted = stats().totals.accepted
            let missing = ids.filter { (account(of: $0, path: path)?.accepted ?? 0) == 0 }
            guard !missing.isEmpty else { return [] }
            guard await wait(for: .accepted(accepted + 1), timeout: .seconds(seconds)) else { return missing }
        }
    }

    /// Waits for so many requests, and asserts that they came.
    func expectRequests(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async {
        let came = await wait(for: .requests(count), timeout: .seconds(20))
        #expect(came, "\(stats().totals.requests) of \(count) requests came", sourceLocation: sourceLocation)
    }

    func accepted(_ path: String) -> Int { endpoints().first { $0.path == path }?.counters.accepted ?? 0 }
}

extension JournalEntry {
    /// Header values by lower-case name.
    var headers: [String: String] {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").dropFirst()
        let pairs = lines.compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
