public import Logging
public import Scheduling
import Threading
public import WebhookModel

/// Receives a sender's reports. The assembly connects it to the queue's mailbox.
public struct ReportPort: Sendable {
    let take: @Sendable ([AttemptReport]) -> Void
    let takeBack: @Sendable ([ReturnedDelivery]) -> Void

    /// Both are called on the sender's thread, at most once per turn, and must not block.
    ///
    /// - Parameters:
    ///   - take: gets the reports of all attempts that ended in the turn.
    ///   - takeBack: gets the deliveries that are not sent now, because their endpoint is held.
    public init(
        _ take: @escaping @Sendable ([AttemptReport]) -> Void,
        takeBack: @escaping @Sendable ([ReturnedDelivery]) -> Void
    ) {
        self.take = take
        self.takeBack = takeBack
    }
}

/// One thread that delivers: the lanes of its endpoints, a libcurl multi handle that opens connections, one poller.
///
/// All deliveries of an endpoint go to the same sender. Deliveries that are offered before `start` wait in the mailbox.
public final class SenderThread: Sendable {
    /// Messages to the thread.
    enum Message: Sendable {
        case deliveries([DueDelivery])
        case answer(NameLookup, NameAnswer)
        /// No new attempts. Those in flight have this number of nanoseconds.
        case stop(grace: Int64)
    }

    private let mailbox: Mailbox<Message>
    private let bell = Bell()
    private let tally = Locked(SenderTally())
    private let thread = Locked<WorkerThread?>(nil)
    private let index: Int
    private let configuration: SenderConfiguration
    private let resolver: ResolverPool
    private let logger: Logger

    /// - Parameters:
    ///   - index: names the thread, from 0.
    ///   - resolver: shared by all senders.
    public init(index: Int, configuration: SenderConfiguration, resolver: ResolverPool, logger: Logger) {
        mailbox = Mailbox(capacity: Limits.heldPerSender, bell: bell)
        self.index = index
        self.configuration = configuration
        self.resolver = resolver
        self.logger = logger
        CurlLibrary.start()
    }

    /// Starts the thread. Once, and not before the address guard knows the ports of our own listeners.
    ///
    /// - Parameter reports: gets for each delivery offered one report or the delivery itself, except for those that a stop leaves.
    public func start(reports: ReportPort) {
        thread.withLock { thread in
            precondition(thread == nil, "a sender starts once")
            thread = WorkerThread(name: "sender-\(index)") {
                [configuration, mailbox, bell, resolver, tally, logger] in
                let loop = SenderLoop(
                    configuration: configuration, mailbox: mailbox, bell: bell, resolver: resolver, reports: reports,
                    tally: tally, logger: logger)
                loop.run()
            }
        }
    }

    /// Hands over due deliveries. Never blocks and never refuses: the queue limits the number that a sender holds
    /// (`Limits.heldPerSender`).
    public func offer(_ deliveries: [DueDelivery]) {
        guard !deliveries.isEmpty else { return }
        mailbox.post(.deliveries(deliveries))
    }

    /// Begins no more attempts, gives those in flight `graceMilliseconds`, breaks off the rest and joins the thread.
    ///
    /// A delivery that was not reported is still scheduled in the queue, and is tried again after the next start. Blocks.
    /// May be called again.
    public func stop(graceMilliseconds: Int64) {
        mailbox.post(.stop(grace: max(0, graceMilliseconds) * 1_000_000))
        thread.withLock(\.self)?.join()
    }

    /// The sender's counts at the end of its latest turn.
    public func snapshot() -> SenderTally { tally.withLock { $0 } }
}
