import Logging
import Scheduling
import Sender
import Settings
import TestSupport
import Threading
import WebhookModel

/// A real sender for one test, and what it reported.
final class SenderBench: Sendable {
    private struct Inbox {
        var reports: [AttemptReport] = []
        var waiter: (count: Int, continuation: CheckedContinuation<[AttemptReport], Never>)?
        var returns: [ReturnedDelivery] = []
        var returnWaiter: CheckedContinuation<ReturnedDelivery, Never>?
    }

    let sender: SenderThread
    private let resolver: ResolverPool
    private let inbox: Locked<Inbox>

    private init(_ configuration: SenderConfiguration, resolver: ResolverPool) {
        let inbox = Locked(Inbox())
        self.inbox = inbox
        self.resolver = resolver
        sender = SenderThread(
            index: 0, configuration: configuration,
            resolver: resolver, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        sender.start(
            reports: ReportPort(
                { reports in SenderBench.put(reports, into: inbox) },
                takeBack: { returns in SenderBench.put(returns, into: inbox) }))
    }

    /// Runs a test with a sender that may reach loopback, and stops it whatever happens.
    ///
    /// - Parameter names: what the resolver knows.
    static func run(
        allow: [String] = ["127.0.0.0/8"], names: [String: String] = [:], connectMilliseconds: Int64 = 5_000,
        keptConnections: Int = 1_024, configure: (inout SenderConfiguration) -> Void = { _ in },
        _ body: (SenderBench) async throws -> Void
    ) async throws {
        try await run(
            try AddressGuard(allow: allow),
            resolve: { host in names[host].flatMap(IPAddress.init).map { .found([$0]) } ?? .failed(.notFound) },
            connectMilliseconds: connectMilliseconds, keptConnections: keptConnections, configure: configure, body)
    }

    /// The same with a guard and a resolver of the test's own.
    static func run(
        _ addressGuard: AddressGuard, resolve: @escaping @Sendable (String) -> NameAnswer,
        connectMilliseconds: Int64 = 5_000, keptConnections: Int = 1_024,
        configure: (inout SenderConfiguration) -> Void = { _ in }, _ body: (SenderBench) async throws -> Void
    ) async throws {
        let resolver = ResolverPool(threads: 2, perTenant: 1, resolve: resolve)
        var configuration = SenderConfiguration(
            keptConnections: keptConnections, connectMilliseconds: connectMilliseconds, allowHTTP: true,
            addressGuard: addressGuard, version: "test")
        configure(&configuration)
        let bench = SenderBench(configuration, resolver: resolver)
        defer {
            bench.sender.stop(graceMilliseconds: 0)
            resolver.stop()
        }
        try await body(bench)
    }

    /// Offers deliveries with these positions, all to one endpoint.
    func offer(
        _ positions: ClosedRange<UInt64> = 1...1, to endpoint: Endpoint, attempt: UInt16 = 1,
        payload: [UInt8] = Array("{}".utf8)
    ) {
        sender.offer(
            positions.map {
                DueDelivery(
                    event: Sample.event($0, payload: payload), endpoint: endpoint, attempt: attempt, entry: .due(0))
            })
    }

    /// Offers one event's delivery.
    func offer(_ event: Event, to endpoint: Endpoint) {
        sender.offer([DueDelivery(event: event, endpoint: endpoint, attempt: 1, entry: .due(0))])
    }

    /// Takes the next reports; waits for them.
    func reports(_ count: Int) async -> [AttemptReport] {
        await withCheckedContinuation { continuation in
            let ready = inbox.withLock { inbox -> [AttemptReport]? in
                guard inbox.reports.count >= count else {
                    inbox.waiter = (count, continuation)
                    return nil
                }
                return SenderBench.take(count, &inbox)
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// Takes the next delivery that came back unsent; waits for it.
    func returned() async -> ReturnedDelivery {
        await withCheckedContinuation { continuation in
            let ready = inbox.withLock { inbox -> ReturnedDelivery? in
                if inbox.returns.isEmpty { inbox.returnWaiter = continuation }
                return inbox.returns.isEmpty ? nil : inbox.returns.removeFirst()
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    private static func put(_ returns: [ReturnedDelivery], into inbox: Locked<Inbox>) {
        let served = inbox.withLock { inbox -> (CheckedContinuation<ReturnedDelivery, Never>, ReturnedDelivery)? in
            inbox.returns += returns
            guard let waiter = inbox.returnWaiter, !inbox.returns.isEmpty else { return nil }
            inbox.returnWaiter = nil
            return (waiter, inbox.returns.removeFirst())
        }
        if let (continuation, delivery) = served { continuation.resume(returning: delivery) }
    }

    /// Offers one delivery and waits for its report.
    func deliver(
        _ position: UInt64 = 1, to endpoint: Endpoint, attempt: UInt16 = 1, payload: [UInt8] = Array("{}".utf8)
    ) async -> AttemptReport {
        offer(position...position, to: endpoint, attempt: attempt, payload: payload)
        return await reports(1)[0]
    }

    /// Stops the sender and returns its counts, which are complete then.
    func finalTally() -> SenderTally {
        sender.stop(graceMilliseconds: 0)
        return sender.snapshot()
    }

    /// The number of reports that were not taken.
    var untaken: Int { inbox.withLock { $0.reports.count } }

    private static func put(_ reports: [AttemptReport], into inbox: Locked<Inbox>) {
        let served = inbox.withLock { inbox -> (CheckedContinuation<[AttemptReport], Never>, [AttemptReport])? in
            inbox.reports += reports
            guard let waiter = inbox.waiter, inbox.reports.count >= waiter.count else { return nil }
            inbox.waiter = nil
            return (waiter.continuation, take(waiter.count, &inbox))
        }
        if let (continuation, reports) = served { continuation.resume(returning: reports) }
    }

    private static func take(_ count: Int, _ inbox: inout Inbox) -> [AttemptReport] {
        defer { inbox.reports.removeFirst(count) }
        return Array(inbox.reports.prefix(count))
    }
}

extension Endpoint {
    static func local(
        _ port: Int, path: String = "/hook", number: UInt32 = 1, timeout: Int64 = 10_000, window: Int = 16
    ) -> Endpoint {
        Sample.endpoint(number, url: "http://127.0.0.1:\(port)\(path)", window: window, timeout: timeout)
    }
}
