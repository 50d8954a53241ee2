/// What triggered an attempt.
public enum AttemptTrigger: UInt8, Sendable {
    case schedule = 0
    case manual, replay, test
}

/// Where a due delivery stands in the queue while it is out: so that its outcome finds its entry without a search.
public enum QueueEntry: Sendable, Equatable {
    /// In the due index, under this time (Unix milliseconds).
    case due(Int64)
    /// Parked with its endpoint.
    case parked
}

/// One HTTP try, told by a sender to the writer: immutable.
public struct AttemptReport: Sendable {
    public var delivery: DeliveryID
    public var entry: QueueEntry
    /// From 1.
    public var attempt: UInt16
    public var trigger: AttemptTrigger
    public var round = DeliveryRound.first
    public var outcome: Outcome
    /// HTTP status; 0 where no answer came.
    public var status: UInt16
    /// Unix milliseconds.
    public var startedAt: Int64
    public var phases: AttemptPhases
    /// What the endpoint asked for with `Retry-After`, milliseconds from the end of the attempt; 0: nothing.
    public var retryAfter: Int64 = 0
    public var reusedConnection: Bool
    /// The address used, as text; empty where none was.
    public var address: String
    /// The first bytes of an answer that was not 2xx, at most `Limits.answerExcerptBytes`.
    public var excerpt: [UInt8] = []
    /// Header lines of an answer that was not 2xx, each `name: value` and a line feed, without sensitive ones; whole lines, at most
    /// `Limits.answerHeaderBytes`.
    public var headers: [UInt8] = []
    /// Events that it brought: more than one only of a batch.
    public var events = 1
    /// Bytes of the record that the sender held: what the writer's accounts get back.
    public var heldBytes: Int

    public init(
        delivery: DeliveryID, entry: QueueEntry, attempt: UInt16, trigger: AttemptTrigger, outcome: Outcome,
        status: UInt16, startedAt: Int64, phases: AttemptPhases, reusedConnection: Bool, address: String, heldBytes: Int
    ) {
        self.delivery = delivery
        self.entry = entry
        self.attempt = attempt
        self.trigger = trigger
        self.outcome = outcome
        self.status = status
        self.startedAt = startedAt
        self.phases = phases
        self.reusedConnection = reusedConnection
        self.address = address
        self.heldBytes = heldBytes
    }
}

/// A delivery that a sender gives back unsent: its endpoint is held. It spends no attempt.
public struct ReturnedDelivery: Sendable {
    public var delivery: DeliveryID
    public var entry: QueueEntry
    /// Attempts made before.
    public var attempts: UInt16
    /// Milliseconds from now until its endpoint may be tried again.
    public var pause: Int64
    /// Bytes of the record that the sender held.
    public var heldBytes: Int

    public init(delivery: DeliveryID, entry: QueueEntry, attempts: UInt16, pause: Int64, heldBytes: Int) {
        self.delivery = delivery
        self.entry = entry
        self.attempts = attempts
        self.pause = pause
        self.heldBytes = heldBytes
    }
}

/// The phases of an attempt as libcurl measures them, microseconds from its start; 0 where it did not get so far.
public struct AttemptPhases: Sendable, Equatable {
    public var resolved: UInt32 = 0
    public var connected: UInt32 = 0
    public var secured: UInt32 = 0
    public var firstByte: UInt32 = 0
    public var total: UInt32 = 0

    public init() {}
}
