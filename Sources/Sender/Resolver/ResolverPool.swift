import Threading
public import WebhookModel

/// Threads that resolve names with getaddrinfo(3), so that a slow name never blocks a sender.
///
/// Shared by all senders. The number of threads is bounded; further look-ups wait in a queue. Threads start when they
/// are first needed. A name that is being looked up is not looked up a second time: the answer is for all who asked.
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
        /// Look-ups under way, and who waits for each beside the one who asked first: the senders ask independently.
        var running: [String: [Order]] = [:]

        /// The next look-up, or nil. One that is under way is not begun again.
        mutating func next() -> (item: Order, tenant: TenantNumber)? {
            while let (order, tenant) = queue.next() {
                guard running[order.lookup.host] != nil else {
                    running[order.lookup.host] = []
                    return (order, tenant)
                }
                running[order.lookup.host]!.append(order)
                queue.finished(tenant)
            }
            return nil
        }
    }

    /// What the threads share. A thread may outlive the pool, because a look-up cannot be interrupted.
    private final class Shared: Sendable {
        let state: Locked<State>
        let resolve: Resolve

        init(perTenant: Int, resolve: @escaping Resolve) {
            state = Locked(State(queue: LookupQueue(perTenant: perTenant)))
            self.resolve = resolve
        }
    }

    private let shared: Shared
    private let threads: Int

    /// - Parameters:
    ///   - threads: the number of look-ups at a time.
    ///   - perTenant: the number of look-ups of one tenant at a time.
    public convenience init(threads: Int = Limits.lookups, perTenant: Int = Limits.lookupsPerTenant) {
        self.init(threads: threads, perTenant: perTenant, resolve: SystemResolver.addresses)
    }

    package init(threads: Int, perTenant: Int, resolve: @escaping Resolve) {
        precondition(threads > 0 && perTenant > 0, "a resolver pool needs threads")
        self.threads = threads
        shared = Shared(perTenant: perTenant, resolve: resolve)
    }

    /// Queues a look-up. Never blocks.
    package func submit(_ lookup: NameLookup, answer: @escaping Answer) {
        enum Wake {
            case idle(Bell)
            case start(Int)
            case none
        }
        let wake = shared.state.withLock { state -> Wake in
            state.queue.append(Order(lookup: lookup, answer: answer), for: lookup.tenant)
            if let bell = state.idle.popLast() { return .idle(bell) }
            guard state.threads < threads, !state.stopped else { return .none }
            state.threads += 1
            return .start(state.threads)
        }
        switch wake {
        case .idle(let bell): bell.ring()
        case .start(let number): start(number)
        case .none: break
        }
    }

    /// Starts a thread. Where the machine has none to give, the others do its work; without others, everything that
    /// waits is answered at once.
    private func start(_ number: Int) {
        // Never joined: getaddrinfo cannot be interrupted, and a stop must not wait for it.
        if let bell = Bell(ifPossible: ()),
            WorkerThread(ifPossible: "resolver-\(number)", { [shared] in ResolverPool.work(shared, bell) }) != nil
        {
            return
        }
        let orders = shared.state.withLock { state -> [Order] in
            state.threads -= 1
            var orders: [Order] = []
            while state.threads == 0, let (order, tenant) = state.queue.next() {
                state.queue.finished(tenant)
                orders.append(order)
            }
            return orders
        }
        for order in orders { order.answer(order.lookup, .failed(.lacking(.memory))) }
    }

    /// Ends the threads: idle ones at once, busy ones after their look-up.
    public func stop() {
        let bells = shared.state.withLock { state in
            state.stopped = true
            defer { state.idle = [] }
            return state.idle
        }
        for bell in bells { bell.ring() }
    }

    deinit { stop() }

    private static func work(_ shared: Shared, _ bell: Bell) {
        var last: TenantNumber?
        while true {
            let (next, stopped) = shared.state.withLock { state in
                if let last { state.queue.finished(last) }
                let next = state.stopped ? nil : state.next()
                // A wait may end without a reason; then the bell is in the list already.
                if next == nil, !state.idle.contains(where: { $0 === bell }) { state.idle.append(bell) }
                return (next, state.stopped)
            }
            last = next?.tenant
            if stopped { return }
            if let order = next?.item {
                let answer = shared.resolve(order.lookup.host)
                let others = shared.state.withLock { $0.running.removeValue(forKey: order.lookup.host) ?? [] }
                for each in [order] + others { each.answer(each.lookup, answer) }
            } else {
                bell.wait()
            }
        }
    }
}
