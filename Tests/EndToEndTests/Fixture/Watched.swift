import NIOCore
import NIOPosix
import Synchronization

/// A value that changes under a test, which waits for what it wants to see in it.
final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waits: [Int: @Sendable (Value) -> Bool] = [:]
        var nextWait = 0
    }

    struct TooLate: Error, CustomStringConvertible {
        let what: String
        let value: String
        var description: String { "waited in vain for \(what); the last look showed \(value)" }
    }

    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    var value: Value { state.withLock { $0.value } }

    func change(_ body: (inout Value) -> Void) {
        state.withLock { state in
            body(&state.value)
            for (number, isOver) in state.waits where isOver(state.value) { state.waits[number] = nil }
        }
    }

    /// Returns the first thing that `find` finds, now or after a change.
    func wait<Found: Sendable>(
        for what: String, seconds: Int64 = 20, until find: @escaping @Sendable (Value) -> Found?
    ) async throws -> Found {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = eventLoop.makePromise(of: Found.self)
        let look: @Sendable (Value) -> Bool = { value in
            guard let found = find(value) else { return false }
            promise.succeed(found)
            return true
        }
        state.withLock { state in
            guard !look(state.value) else { return }
            state.waits[state.nextWait] = look
            state.nextWait += 1
        }
        let limit = eventLoop.scheduleTask(in: .seconds(seconds)) {
            promise.fail(TooLate(what: what, value: "\(self.value)"))
        }
        defer { limit.cancel() }
        return try await promise.futureResult.get()
    }
}
