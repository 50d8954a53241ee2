public import WebhookModel

/// A delivery whose time has come, with all that an attempt needs: what the queue hands to a sender.
public struct DueDelivery: Sendable {
    public let event: Event
    /// The endpoint as it was when this was handed over. A newer object for the same number replaces an older one.
    public let endpoint: Endpoint
    /// The number of the attempt to make, from 1.
    public let attempt: UInt16
    public let entry: QueueEntry
    public let round: DeliveryRound
    /// Nil: the event goes alone.
    public let batch: MessageBatch?

    public init(
        event: Event, endpoint: Endpoint, attempt: UInt16, entry: QueueEntry, round: DeliveryRound = .first,
        batch: MessageBatch? = nil
    ) {
        self.event = event
        self.endpoint = endpoint
        self.attempt = attempt
        self.entry = entry
        self.round = round
        self.batch = batch
    }

    public var id: DeliveryID { DeliveryID(position: event.position, endpoint: endpoint.number) }

    /// What triggers the attempt.
    public var trigger: AttemptTrigger { round.trigger(of: attempt) }

    /// No further attempt follows if this one fails.
    public var isLastAttempt: Bool { round.place(of: attempt) >= endpoint.retry.attempts }

    /// What it holds of memory, roughly: its record. Events that fan out share it; counted once each all the same.
    public var heldBytes: Int { batch?.bytes ?? event.bytes.count }

    /// Events that it brings.
    public var eventCount: Int { batch?.events.count ?? 1 }
}
