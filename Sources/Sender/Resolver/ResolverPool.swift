import Threading
import WebhookModel

/// Threads that turn names into addresses with getaddrinfo(3), so that no slow name ever stops a sender.
///
/// Shared by all senders. Bounded: a look-up that waits costs its sender nothing but the wait. Threads start when first
/// needed.
public final class ResolverPool: Sendable {
    /// Called on a pool thread.
    package typealias Answer = @Sendable (_ lookup: NameLookup, _ answer: NameAnswer) -> Void
    package typealias Resolve = @Sendable (_ host: String) -> NameAnswer

    private struct Order: Sendable {
        let lookup: NameLookup
        let answer: Answer
    }

    private struct State: Sendable {
        var queue: LookupQueue<Order>
        var idle: [Bell] = []
        var threads = 0
        var stopped = false
    }

    /// What the threads hold; they may outlive the pool while one name takes its time.
    private final class Desk: Sendable {
        let state: Locked<State>
        let resolve: Resolve

        init(perTenant: Int, resolve: @escaping Resolve) {
            state = Locked(State(queue: LookupQueue(perTenant: perTenant)))
            self.resolve = resolve
        }
    }

    private let desk: Desk
    private let threads: Int

    /// - Parameters:
    ///   - threads: look-ups at a time.
    ///   - perTenant: look-ups of one tenant at a time.
    public convenience init(threads: Int = 8, perTenant: Int = 2) {
        self.init(threads: threads, perTenant: perTenant, resolve: SystemResolver.addresses)
    }

    package init(threads: Int, perTenant: Int, resolve: @escaping Resolve) {
        precondition(threads > 0 && perTenant > 0, "a pool without threads answers nothing")
        self.threads = threads
        desk = Desk(perTenant: perTenant, resolve: resolve)
    }

    /// Asks for a name. Never blocks.
    package func submit(_ lookup: NameLookup, answer: @escaping Answer) {
        enum Wake {
            case idle(Bell)
            case start(Int)
            case none
        }
        let wake = desk.state.withLock { state -> Wake in
            state.queue.append(Order(lookup: lookup, answer: answer), for: lookup.tenant)
            if let bell = state.idle.popLast() { return .idle(bell) }
            guard state.threads < threads, !state.stopped else { return .none }
            state.threads += 1
            return .start(state.threads)
        }
        switch wake {
        case .idle(let bell): bell.ring()
        case .start(let number):
            // Not joined: getaddrinfo cannot be interrupted, and a stop must not wait for it.
            _ = WorkerThread(name: "resolver-\(number)") { [desk] in ResolverPool.work(desk) }
        case .none: break
        }
    }

    /// Ends the threads: idle ones at once, busy ones after their look-up.
    public func stop() {
        let bells = desk.state.withLock { state in
            state.stopped = true
            defer { state.idle = [] }
            return state.idle
        }
        for bell in bells { bell.ring() }
    }

    deinit { stop() }

    private static func work(_ desk: Desk) {
        let bell = Bell()
        var last: TenantNumber?
        while true {
            let (next, stopped) = desk.state.withLock { state in
                if let last { state.queue.finished(last) }
                let next = state.stopped ? nil : state.queue.next()
                // A wait may end early and find the bell in the list already.
                if next == nil, !state.idle.contains(where: { $0 === bell }) { state.idle.append(bell) }
                return (next, state.stopped)
            }
            last = next?.tenant
            if stopped { return }
            if let order = next?.item {
                order.answer(order.lookup, desk.resolve(order.lookup.host))
            } else {
                bell.wait()
            }
        }
    }
}
