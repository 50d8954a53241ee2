import HTTPTypes
import Hummingbird

extension AdminRoutes {
    func addFaults(to router: Router<AdminContext>) {
        router.post("fault") { request, _ in
            let bytes = try await request.body.collect(upTo: Strike.mostBytes)
            let strike: Strike
            do throws(ProgramError) {
                strike = try Strike.parse(String(buffer: bytes))
            } catch {
                throw Problem(
                    error, mend: "expected {path: /orders, status: 503} or {path: \"*\", fault: silence, count: 3}")
            }
            guard control.strikeNext(strike.count, of: strike.pattern, with: strike.reply) else {
                throw Problem(
                    .conflict, "\(ReceiverCore.mostStrikes) faults are queued already",
                    mend: "send requests that use them up, or POST /reset")
            }
            return StrikePayload(path: strike.pattern.description, count: strike.count)
        }
    }
}

struct StrikePayload: ResponseEncodable {
    let path: String
    let count: Int
}

/// A fault for the next requests only, whatever the program says: `{path: /orders, count: 1, status: 503}`.
struct Strike {
    let pattern: PathPattern
    let count: Int
    let reply: Behaviour.Reply

    /// The most requests.
    static let most = 1_000_000
    /// The most bytes of its text, because a thousand of them may wait.
    static let mostBytes = 64 * 1024

    /// - Throws: every mistake, with its line and column.
    static func parse(_ text: String) throws(ProgramError) -> Strike {
        try ProgramFile.strike(text)
    }
}
