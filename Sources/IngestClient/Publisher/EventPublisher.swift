public import NIOCore
public import NIOPosix
public import WireProtocol

/// Publishes events, and brings a receipt for each.
///
/// ```swift
/// let publisher = try await EventPublisher.connect(
///     PublisherSettings(servers: [.tcp(host: "127.0.0.1", port: 7400)], apiKey: key))
/// let receipt = try await publisher.publish(event)        // durable, or refused in words
/// let pending = try await publisher.submit(events)        // waits for buffer space only
/// …
/// let receipts = try await pending.receipts()
/// await publisher.close()                                 // collects what is still on its way
/// ```
///
/// Calls may come from any task at once. Their events are sent in the order of the calls, in as few frames as come
/// about by themselves, never more than the server's window. A lost connection is made again, and everything without
/// an answer is sent again with the same ids; the server knows them. Every event ends in a receipt, or its call in a
/// `PublishError` that says what is known of each; nothing is dropped in silence. What waits is bounded: when the
/// buffer is full, calls suspend.
///
/// Order: events reach one server in the order of the calls, over reconnections too. Only what a server asks to send
/// again later (THROTTLED, BUSY) comes after what followed it.
public final class EventPublisher: Sendable {
    private let loop: PublisherLoop
    private let settings: PublisherSettings

    private init(loop: PublisherLoop, settings: PublisherSettings) {
        self.loop = loop
        self.settings = settings
    }

    // No new calls are accepted; submitted events still get their answers.
    deinit { _ = loop.close(graceMilliseconds: settings.closeMilliseconds) }

    /// Connects, and waits for the server's WELCOME.
    ///
    /// - Parameter group: where the connection lives; NIO's shared group by default.
    /// - Throws: when none of the servers accepts the client (see `PublisherSettings.startMilliseconds`). Later losses
    /// are repaired in the background.
    public static func connect(
        _ settings: PublisherSettings, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(IngestError) -> EventPublisher {
        if let mistake = settings.mistake { throw .badSettings(mistake) }
        let loop = PublisherLoop(settings: settings, eventLoop: group.next())
        do {
            try await loop.start().get()
        } catch {
            throw error as? IngestError ?? .lost(reason: "\(error)")
        }
        return EventPublisher(loop: loop, settings: settings)
    }

    /// The same with the settings of a single connection, and defaults for the rest.
    public static func connect(
        _ settings: ConnectionSettings, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws(IngestError) -> EventPublisher {
        try await connect(PublisherSettings(settings), group: group)
    }

    /// Publishes events and waits until the server has answered each.
    ///
    /// A refusal is a receipt, not an error: look at `isStored` and `status`. An event that the protocol cannot carry
    /// (over the frame's size, a text over 65,535 bytes) gets TOO_LARGE or MALFORMED here and does not affect the
    /// others. When the patience ends, an event that the server postponed gets that answer as its receipt.
    ///
    /// - Returns: one receipt per event, in order.
    /// - Throws: when an event ends without an answer: patience over, cancelled, closed. Events that were sent may be
    /// stored.
    public func publish(_ events: [OutgoingEvent]) async throws(PublishError) -> [EventReceipt] {
        guard !events.isEmpty else { return [] }
        let publication = Publication(events, submittedAt: PublisherLoop.now)
        let loop = loop
        _ = loop.offer(publication)
        let result = await withTaskCancellationHandler {
            await publication.outcome.end()
        } onCancel: {
            loop.withdraw(publication)
        }
        return try result.get()
    }

    /// Publishes one event and waits for its receipt.
    public func publish(_ event: OutgoingEvent) async throws(PublishError) -> EventReceipt {
        try await publish([event])[0]
    }

    /// Hands events over and returns as soon as the buffer has space for them. The receipts are collected later.
    ///
    /// - Throws: when the publisher is closed, or when the task is cancelled or its patience is over before there was
    /// space. In these cases no event was sent.
    public func submit(_ events: [OutgoingEvent]) async throws(PublishError) -> PendingReceipts {
        let publication = Publication(events, submittedAt: PublisherLoop.now)
        guard !events.isEmpty else {
            publication.outcome.end(.success([]))
            return publication.outcome
        }
        let loop = loop
        if !loop.offer(publication) {
            await withTaskCancellationHandler {
                await publication.outcome.admission()
            } onCancel: {
                loop.withdraw(publication)
            }
        }
        if case .failure(let error)? = publication.outcome.result, !publication.isAdmitted { throw error }
        return publication.outcome
    }

    /// Hands one event over.
    public func submit(_ event: OutgoingEvent) async throws(PublishError) -> PendingReceipts {
        try await submit([event])
    }

    /// Asks for the server's clock.
    ///
    /// - Throws: an `IngestError` when there is no connection, or when it ends first.
    public func ping() async throws -> Pong { try await loop.ping().get() }

    /// What the server announced on the last connection: limits, window, durability.
    public var welcome: Welcome { loop.intake.welcome! }  // `connect` returns after the first.

    /// Counts and levels at this moment.
    public var metrics: PublisherMetrics { loop.intake.metrics }

    /// Accepts no more calls, waits for what was submitted, and closes. Events without an answer at the end of the
    /// grace time end with `PublishError`.
    ///
    /// - Parameter graceMilliseconds: nil: the settings' `closeMilliseconds`.
    public func close(graceMilliseconds: Int64? = nil) async {
        try? await loop.close(graceMilliseconds: graceMilliseconds ?? settings.closeMilliseconds).get()
    }
}
