import Logging
import NIOCore
import Threading
import WebhookModel

/// What the connections of one event loop share: the return path of receipts, the sweep, the log, the counts.
final class IngestLoop: @unchecked Sendable {
    // Unchecked: the variables are used on the event loop only; `receipts` and `counters` are thread-safe.
    let eventLoop: any EventLoop
    let rules: SessionRules
    let tenants: @Sendable () -> TenantDirectory
    let intake: IntakePort
    let admission: Admission
    let readBuffer = ReadBuffer()
    private let sums = Locked(IngestCounters())
    private var connections: [ObjectIdentifier: IngestConnection] = [:]
    private var notices: NoticeLog
    private var sweeper: RepeatedTask?
    private var whenEmpty: [EventLoopPromise<Void>] = []
    /// Set while draining, in milliseconds: new connections get it too.
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

    /// Where the queue returns decided batches, on its own thread: one hop to the loop per delivery.
    private(set) lazy var receipts: ReceiptPort = {
        // Weak: a batch may outlive the server in a queue that is shut down later.
        weak let loop = self
        let eventLoop = eventLoop
        return ReceiptPort { batches in eventLoop.execute { loop?.acknowledge(batches) } }
    }()

    private func acknowledge(_ batches: [EventBatch]) {
        let now = Instant.now()
        var touched: [IngestConnection] = []
        for batch in batches {
            // Batches with this receipt port are made by IngestConnection only.
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

    /// Logs what a peer did wrong.
    func log(_ text: String, peer: String, now: Instant) { notices.write(text, peer: peer, now: now) }

    /// Counts a connection that is closed before it has a session: it is over a limit on a TLS port, where a CLOSE would cost a
    /// handshake.
    func refusedBeforeTLS() {
        var tally = IngestCounters()
        tally.connectionsAccepted = 1
        tally.connectionsRefused = 1
        tally.connectionsClosed = 1
        count(tally)
    }

    /// Counts and logs a peer that the TLS port refused.
    func refused(_ refusal: ClientHelloFilter.Refusal, peer: String) {
        var tally = IngestCounters()
        tally.otherProtocols = 1
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
    var counters: IngestCounters { sums.withLock { $0 } }

    func count(_ tally: IngestCounters) { sums.withLock { $0 += tally } }

    // MARK: Time

    func start() {
        let interval = TimeAmount.milliseconds(rules.configuration.sweepMilliseconds)
        sweeper = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
            self?.sweep()
        }
    }

    func stop() { sweeper?.cancel() }

    private func sweep() {
        let now = Instant.now()
        let directory = tenants()
        for connection in connections.values { connection.sweep(now: now, directory: directory) }
    }

    /// Tells every connection that the server is shutting down. A second call does nothing.
    func beginDraining(graceMilliseconds: Int64) {
        guard drainGrace == nil else { return }
        drainGrace = graceMilliseconds
        let now = Instant.now()
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
