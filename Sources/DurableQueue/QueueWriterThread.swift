import LMDB
public import Logging
import Scheduling
public import Store
import Threading
public import WebhookModel

/// The one writer: takes events in, makes them and their deliveries durable by group commit, hands due deliveries to the senders and
/// records the results of attempts.
///
/// Batches go in by `intake`, and come back through their receipt port after the fdatasync; attempt results go in by `report`. While one
/// commit runs, the commands of the next are collected. Attempt results are batched for up to `Limits.outcomeLingerMilliseconds`; commits
/// are spaced out only while the senders have enough deliveries (`CommitPace`).
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
        var tenancy: TenancyView
        var statistics: QueueStatistics
    }

    /// Recovers the store's state; nothing runs until `start`.
    ///
    /// - Parameters:
    ///   - senders: endpoint n goes to sender n modulo their count.
    ///   - onFatal: called once, on the writer's thread, when a commit is in doubt: the process must end, and recovers at its
    ///     next start. Events are not answered after it; commands are answered as `stopped`.
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
                directory: core.registry.directory, tenancy: TenancyView(core.registry), statistics: core.statistics))
        starting = Locked(core)
        self.senders = senders
        self.logger = logger
        self.onFatal = onFatal
    }

    /// The intake: drafts in, receipts out, no sockets.
    public var intake: IntakePort {
        IntakePort { [self] batch, onRoom in
            let weight = batch.bytes.count + batch.drafts.count * MemoryLayout<EventDraft>.stride
            return mailbox.offer(.publish(batch), weight: weight, onRoom: onRoom)
        }
    }

    /// Reports the results of attempts. Never refused: bounded by what was handed over.
    public func report(_ reports: [AttemptReport]) { post(.reports(reports)) }

    /// Takes deliveries back that a sender did not send, because their endpoint is held: they are handed over again after the pause.
    public func takeBack(_ deliveries: [ReturnedDelivery]) { post(.returned(deliveries)) }

    /// Gives the writer a command. After `stop`, or after a failure, it is dropped; a command with a reply answers `stopped` then.
    func post(_ command: QueueCommand) { mailbox.post(command) }

    /// The tenants and keys that ingest looks up, as they are now.
    public var tenantDirectory: TenantDirectory { published.withLock(\.directory) }

    /// Tenants, endpoints and keys as they are now. Costs by their number; the writer does not wait for it.
    public var tenancy: TenancySnapshot { published.withLock(\.tenancy).snapshot }
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

    /// Works off what has been offered and reported so far, commits, and ends. Blocks its caller. Later commands are answered as `stopped`.
    public func stop() {
        mailbox.seal(with: .stop)
        thread.withLock(\.self)?.join()
        // A queue that was never started has nobody else who drops what was posted.
        dropMailbox()
    }

    // MARK: The loop

    private func run(_ core: WriterCore) {
        var turn = WriterTurn(core: core, senders: senders) { Instant.now() }
        var lines = EndpointLines()
        do throws(LMDBError) {
            while !turn.isStopping {
                collect(&turn)
                try turn.perform()
                publish(&turn, &lines)
            }
        } catch {
            logger.critical(
                "the store failed; the process must restart",
                metadata: ["error": "\(error)", "path": "\(core.directory.path)"])
            onFatal("the store failed (\(error)); its last commit is in doubt, and the next start recovers")
        }
        // Whatever was not answered is dropped with the turn, and answered as `stopped` by that.
        mailbox.seal()
        dropMailbox()
    }

    private func dropMailbox() {
        var rest: [QueueCommand] = []
        mailbox.drain(into: &rest)
    }

    /// Fills the turn's inbox; sleeps while there is nothing to do.
    private func collect(_ turn: inout WriterTurn) {
        // The bell is not listened to meanwhile: each batch that comes would wake the thread for nothing.
        WorkerThread.pause(nanoseconds: turn.gatherNanoseconds())
        mailbox.drain(into: &turn.inbox)
        guard turn.inbox.isEmpty else { return }
        let pause = turn.pauseNanoseconds()
        guard pause > 0 else { return }
        bell.wait(nanoseconds: pause)
        mailbox.drain(into: &turn.inbox)
    }

    private func publish(_ turn: inout WriterTurn, _ lines: inout EndpointLines) {
        if let refusal = turn.refusalToLog { logger.warning("ingest is refused", metadata: ["reason": "\(refusal)"]) }
        if turn.resumed { logger.notice("ingest resumes: there is room again") }
        let output = turn.takeOutput()
        if !output.notices.isEmpty { Notice.log(output.notices, lines: &lines, to: logger) }
        let statistics = turn.statistics
        lines.tick(now: Instant.now().monotonic, deadLettered: statistics.deadLettered, to: logger)
        let directory = output.edits.contains(where: \.concernsIngest) ? turn.core.registry.directory : nil
        published.withLock { published in
            published.statistics = statistics
            for edit in output.edits { published.tenancy.apply(edit) }
            if let directory { published.directory = directory }
        }
        for answer in output.answers { answer() }
    }
}
