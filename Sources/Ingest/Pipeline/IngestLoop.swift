import Logging
import NIOConcurrencyHelpers
import NIOCore
import WebhookModel

/// What the connections of one event loop share: the way back for receipts, the sweep, the log, the sums.
final class IngestLoop: @unchecked Sendable {
    // Unchecked: the variables are reached on the event loop only; `receipts` and `counters` guard themselves.
    let eventLoop: any EventLoop
    let rules: SessionRules
    let tenants: @Sendable () -> TenantDirectory
    let intake: IntakePort
    let admission: Admission
    let readBuffer = ReadBuffer()
    private let sums = NIOLockedValueBox(IngestCounters())
    private var connections: [ObjectIdentifier: IngestConnection] = [:]
    private var notices: NoticeLog
    private var sweeper: RepeatedTask?
    private var whenEmpty: [EventLoopPromise<Void>] = []
    /// Set while draining: what new connections are told.
    private(set) var drainGrace: Int64?

    init(
        eventLoop: any EventLoop, rules: SessionRules, tenants: @escaping @Sendable () -> TenantDirectory,
        intake: IntakePort, admission: Admission, logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.rules = rules
        self.tenants = tenants
        self.intake = intake
        self.admission = admission
        notices = NoticeLog(logger)
    }

    // MARK: Receipts

    /// Where the queue puts decided batches, from its own thread: one hop to the loop per delivery.
    private(set) lazy var receipts: ReceiptPort = {
        // Weak: a batch may outlive the server in a queue that is shut down late.
        weak let loop = self
        let eventLoop = eventLoop
        return ReceiptPort { batches in eventLoop.execute { loop?.acknowledge(batches) } }
    }()

    private func acknowledge(_ batches: [EventBatch]) {
        let now = Moment.now()
        var touched: [IngestConnection] = []
        for batch in batches {
            // The only sources that are put into batches with this port.
            let connection = unsafeDowncast(batch.source, to: IngestConnection.self)
            if connection.acknowledge(batch, now: now) { touched.append(connection) }
        }
        for connection in touched { connection.perform(now: now) }
    }

    // MARK: Connections

    func add(_ connection: IngestConnection) { connections[ObjectIdentifier(connection)] = connection }

    func remove(_ connection: IngestConnection) {
        connections[ObjectIdentifier(connection)] = nil
        tellWhenEmpty()
    }

    /// What a peer did wrong.
    func log(_ text: String, peer: String, now: Moment) { notices.write(text, peer: peer, now: now) }

    /// A connection that is turned away before it has a session: over a limit on a TLS port, where words would cost a
    /// handshake.
    func turnAway() {
        var tally = IngestCounters()
        tally.connectionsAccepted = 1
        tally.connectionsRefused = 1
        tally.connectionsClosed = 1
        count(tally)
    }

    /// A peer that the door of the TLS port refused.
    func refused(_ refusal: TLSDoor.Refusal, peer: String) {
        var tally = IngestCounters()
        tally.strangers = 1
        count(tally)
        log(refusal.text, peer: peer, now: .now())
    }

    func handshakeFailed(_ reason: String, peer: String) {
        var tally = IngestCounters()
        tally.handshakeFailures = 1
        count(tally)
        log("the TLS handshake failed: \(reason)", peer: peer, now: .now())
    }

    /// From any thread.
    var counters: IngestCounters { sums.withLockedValue { $0 } }

    func count(_ tally: IngestCounters) { sums.withLockedValue { $0 += tally } }

    // MARK: Time

    func start() {
        let interval = TimeAmount.milliseconds(rules.configuration.sweepMilliseconds)
        sweeper = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
            self?.sweep()
        }
    }

    func stop() { sweeper?.cancel() }

    private func sweep() {
        let now = Moment.now()
        let directory = tenants()
        for connection in connections.values { connection.sweep(now: now, directory: directory) }
    }

    /// Tells every connection, once, that we are leaving.
    func beginDraining(graceMilliseconds: Int64) {
        guard drainGrace == nil else { return }
        drainGrace = graceMilliseconds
        let now = Moment.now()
        for connection in connections.values {
            connection.beginDraining(graceMilliseconds: graceMilliseconds, now: now)
        }
    }

    /// Completes when the last connection is gone.
    func empty() -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        whenEmpty.append(promise)
        tellWhenEmpty()
        return promise.futureResult
    }

    private func tellWhenEmpty() {
        guard connections.isEmpty else { return }
        for promise in whenEmpty { promise.succeed() }
        whenEmpty.removeAll()
    }
}
