import LMDB
public import Logging
import Scheduling
public import Store
import Threading
public import WebhookModel

/// The one writer: takes events in, makes them and their deliveries durable by group commit, hands due deliveries to the senders and
/// records what came of them.
///
/// Batches go in by `intake`, come back through their receipt port after the fdatasync; reports go in by `report`. What waits
/// when the writer comes round is the batch, and while one commit runs the next gathers. Outcomes wait for company, for
/// `Limits.outcomeLingerMilliseconds` at most; commits wait for it only while the senders have plenty (`CommitPace`).
public final class QueueWriterThread: Sendable {
    private let bell = Bell()
    private let mailbox: Mailbox<QueueCommand>
    private let published: Locked<Published>
    private let thread = Locked<WorkerThread?>(nil)
    private let starting: Locked<WriterCore?>
    private let senders: [DispatchPort]
    private let onFatal: @Sendable (String) -> Void
    private let logger: Logger

    private struct Published {
        var directory: TenantDirectory
        var tenancy: TenancySnapshot
        var statistics: QueueStatistics
    }

    /// Recovers the store's state; nothing runs until `start`.
    ///
    /// - Parameters:
    ///   - senders: endpoint n goes to sender n modulo their count.
    ///   - onFatal: called once, on the writer's thread, when a commit is in doubt: the process must end, and recovers at its
    ///     next start. The queue answers nothing after it.
    /// - Throws: `StoreError` where the store's configuration rows cannot be read, opened or sealed.
    public init(
        directory: DataDirectory, configuration: QueueConfiguration, senders: [DispatchPort], logger: Logger,
        onFatal: @escaping @Sendable (String) -> Void
    ) throws {
        precondition(!senders.isEmpty, "a queue needs a sender")
        let core = try WriterCore(directory: directory, configuration: configuration, senders: senders.count)
        if core.sealedAtStart > 0 {
            logger.notice("secrets sealed under the master key", metadata: ["endpoints": "\(core.sealedAtStart)"])
        }
        mailbox = Mailbox(capacity: Limits.intakeBytes, bell: bell)
        published = Locked(
            Published(
                directory: core.tenancy.directory, tenancy: core.tenancy.snapshot, statistics: core.statistics))
        starting = Locked(core)
        self.senders = senders
        self.logger = logger
        self.onFatal = onFatal
    }

    /// The mouth: drafts in, receipts out, no sockets.
    public var intake: IntakePort {
        IntakePort { [self] batch, onRoom in
            let weight = batch.bytes.count + batch.drafts.count * MemoryLayout<EventDraft>.stride
            return mailbox.offer(.publish(batch), weight: weight, onRoom: onRoom)
        }
    }

    /// Tells what came of attempts. Never refused: bounded by what was handed over.
    public func report(_ reports: [AttemptReport]) { mailbox.post(.reports(reports)) }

    /// Takes deliveries back that a sender did not send, because their endpoint is held: they are handed over again after the pause.
    public func takeBack(_ deliveries: [ReturnedDelivery]) { mailbox.post(.returned(deliveries)) }

    /// Changes tenants, endpoints or keys, all or none; returns when it is durable.
    public func change(_ changes: [TenancyChange]) async throws(TenancyError) {
        let result = await withCheckedContinuation { continuation in
            mailbox.post(.change(changes) { continuation.resume(returning: $0) })
        }
        try result.get()
    }

    /// Lets the events go on that stand behind a dead letter of an endpoint with `on_dead_letter: hold`. The dead letter stays one.
    ///
    /// - Parameter orderingKey: of this key; nil: of every held key of the endpoint. The writer does nothing else meanwhile: some
    ///   20 µs a key.
    /// - Returns: how many keys were held, when it is durable.
    public func releaseKeys(
        tenant: String, endpoint: String, orderingKey: String? = nil
    ) async throws(TenancyError) -> Int {
        let result = await withCheckedContinuation { continuation in
            mailbox.post(
                .releaseKeys(tenant: tenant, endpoint: endpoint, orderingKey: orderingKey) {
                    continuation.resume(returning: $0)
                })
        }
        return try result.get()
    }

    /// Leads dead letters back: each is due at once, in a new round of its endpoint's policy. Returns when all are durable; works in
    /// small transactions, beside everything else.
    ///
    /// - Throws: a name that there is not; `stopped`, after which some may be scheduled and others not.
    public func redeliver(_ filter: DeadLetterFilter) async throws(TenancyError) -> Redelivered {
        let result = await withCheckedContinuation { continuation in
            mailbox.post(.redeliver(filter) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// Who may publish what, now.
    public var tenantDirectory: TenantDirectory { published.withLock(\.directory) }
    public var tenancy: TenancySnapshot { published.withLock(\.tenancy) }
    public var statistics: QueueStatistics { published.withLock(\.statistics) }

    /// Starts the thread. Once.
    public func start() {
        let core = starting.withLock { core in
            defer { core = nil }
            return core
        }
        precondition(core != nil, "the queue starts once")
        nonisolated(unsafe) let owned = core!
        thread.withLock { $0 = WorkerThread(name: "queue-writer") { [self] in run(owned) } }
    }

    /// Works off what has been offered and reported so far, commits, and ends. Blocks its caller.
    public func stop() {
        mailbox.close()
        mailbox.post(.stop)
        thread.withLock(\.self)?.join()
    }

    // MARK: The loop

    private func run(_ core: WriterCore) {
        var turn = WriterTurn(core: core, clock: QueueClock(.now()))
        do throws(LMDBError) {
            while !turn.isStopping {
                gather(&turn)
                try turn.perform()
                publish(turn)
            }
        } catch {
            logger.critical(
                "the store failed; the process must restart",
                metadata: ["error": "\(error)", "path": "\(core.directory.path)"])
            onFatal("the store failed (\(error)); its last commit is in doubt, and the next start recovers")
        }
        turn.dismiss()
    }

    /// Fills the turn's inbox; sleeps while there is nothing to do.
    private func gather(_ turn: inout WriterTurn) {
        // Deaf to the bell: each batch that comes would wake the thread for nothing.
        WorkerThread.pause(nanoseconds: turn.gatherNanoseconds(.now()))
        mailbox.drain(into: &turn.inbox)
        guard turn.inbox.isEmpty else { return }
        let pause = turn.pauseNanoseconds(.now())
        guard pause > 0 else { return }
        bell.wait(nanoseconds: pause)
        mailbox.drain(into: &turn.inbox)
    }

    private func publish(_ turn: borrowing WriterTurn) {
        for (sender, port) in senders.enumerated() {
            let outgoing = turn.core.ledger.takeOutgoing(sender)
            if !outgoing.isEmpty { port.offer(outgoing) }
        }
        if let refusal = turn.refusalToLog { logger.warning("ingest is refused", metadata: ["reason": "\(refusal)"]) }
        if turn.resumed { logger.notice("ingest resumes: there is room again") }
        for notice in turn.core.notices { notice.log(to: logger) }
        if !turn.core.notices.isEmpty { turn.core.notices = [] }
        let statistics = turn.statistics
        let changed = turn.tenancyChanged
        published.withLock { published in
            published.statistics = statistics
            if changed {
                published.directory = turn.core.tenancy.directory
                published.tenancy = turn.core.tenancy.snapshot
            }
        }
        turn.answerCommands()
    }
}
