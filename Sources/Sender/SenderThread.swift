public import Logging
public import Scheduling
import Threading
public import WebhookModel

/// Where a sender's reports go: the queue's mailbox, joined by the assembly.
public struct ReportPort: Sendable {
    let take: @Sendable ([AttemptReport]) -> Void
    let takeBack: @Sendable ([ReturnedDelivery]) -> Void

    /// Both are called on the sender's thread, at most once per turn, and must not block.
    ///
    /// - Parameters:
    ///   - take: gets all that ended in the turn.
    ///   - takeBack: gets what is not sent now, because its endpoint is held.
    public init(
        _ take: @escaping @Sendable ([AttemptReport]) -> Void,
        takeBack: @escaping @Sendable ([ReturnedDelivery]) -> Void
    ) {
        self.take = take
        self.takeBack = takeBack
    }
}

/// One thread that delivers: the lanes of its endpoints, one libcurl multi handle, one poller.
///
/// All deliveries of an endpoint go to the same sender. Starts at once.
public final class SenderThread: Sendable {
    /// What others tell the thread.
    enum Message: Sendable {
        case deliveries([DueDelivery])
        case answer(NameLookup, NameAnswer)
        /// No new attempts; those in flight have so many nanoseconds.
        case stop(grace: Int64)
    }

    private let mailbox: Mailbox<Message>
    private let tally: Locked<SenderTally>
    private let thread: WorkerThread

    /// - Parameters:
    ///   - index: names the thread, from 0.
    ///   - resolver: shared by all senders.
    ///   - reports: gets for each delivery offered one report or the delivery itself, but for those that a stop leaves over.
    public init(
        index: Int, configuration: SenderConfiguration, resolver: ResolverPool, reports: ReportPort, logger: Logger
    ) {
        let bell = Bell()
        let mailbox = Mailbox<Message>(capacity: Limits.heldPerSender, bell: bell)
        let tally = Locked(SenderTally())
        self.mailbox = mailbox
        self.tally = tally
        CurlLibrary.start()
        thread = WorkerThread(name: "sender-\(index)") {
            let loop = SenderLoop(
                configuration: configuration, mailbox: mailbox, bell: bell, resolver: resolver, reports: reports,
                tally: tally, logger: logger)
            loop.run()
        }
    }

    /// Hands over due deliveries. Never blocks and never refuses: the queue bounds what a sender holds
    /// (`Limits.heldPerSender`).
    public func offer(_ deliveries: [DueDelivery]) {
        guard !deliveries.isEmpty else { return }
        mailbox.post(.deliveries(deliveries))
    }

    /// Begins no more attempts, gives those in flight `graceMilliseconds`, breaks off the rest and joins the thread.
    ///
    /// What was not reported is still scheduled in the queue, and is tried again after the next start. Blocks. May be
    /// repeated.
    public func stop(graceMilliseconds: Int64) {
        mailbox.post(.stop(grace: max(0, graceMilliseconds) * 1_000_000))
        thread.join()
    }

    /// What the sender has done and holds, at the end of its latest turn.
    public func snapshot() -> SenderTally { tally.withLock { $0 } }
}
