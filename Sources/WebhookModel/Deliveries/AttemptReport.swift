/// What triggered an attempt.
public enum AttemptTrigger: UInt8, Sendable {
    case schedule = 0
    case manual, replay, test
}

/// Where a delivery's entry is stored while a sender holds it, so that its result is recorded without a search.
public enum QueueEntry: Sendable, Equatable {
    /// In the due index, under this time (Unix milliseconds).
    case due(Int64)
    /// Parked under its endpoint.
    case parked
}

/// One HTTP attempt, reported by a sender to the writer. Never changed afterwards.
public struct AttemptReport: Sendable {
    public var delivery: DeliveryID
    public var entry: QueueEntry
    /// From 1.
    public var attempt: UInt16
    public var trigger: AttemptTrigger
    public var round = DeliveryRound.first
    public var outcome: Outcome
    /// HTTP status; 0: no answer came.
    public var status: UInt16
    /// Unix milliseconds.
    public var startedAt: Int64
    public var phases: AttemptPhases
    /// What the endpoint asked for with `Retry-After`, in milliseconds from the end of the attempt; 0: nothing.
    public var retryAfter: Int64 = 0
    public var reusedConnection: Bool
    /// The answer's header section came, and its body did not end: it was too large, broken, cut off or late. The
    /// status counts all the same (RFC 9112, 8).
    public var isAnswerIncomplete = false
    /// The address that was used, as text; empty: none.
    public var address: String
    /// The first bytes of an answer that was not 2xx, at most `Limits.answerExcerptBytes`.
    public var excerpt: [UInt8] = []
    /// Header lines of an answer that was not 2xx, each `name: value` and a line feed. Sensitive headers are left out.
    /// Whole lines only, at most `Limits.answerHeaderBytes`.
    public var headers: [UInt8] = []
    /// Where the request went (`Endpoint.destination`); 0: not known, which counts as where the endpoint is now.
    public var destination: UInt64 = 0
    /// The number of events in the request: more than one only for a batch.
    public var events = 1
    /// Bytes of the record that the sender held; the writer subtracts them from what it counts for the sender.
    public var heldBytes: Int
    /// Another attempt cannot end otherwise: the URL's host is an address, and it must not be reached.
    public var isHopeless = false

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

/// A delivery that a sender returns unsent because its endpoint must not be tried now, or is no longer what it was when
/// the delivery was handed over. It uses no attempt.
public struct ReturnedDelivery: Sendable {
    public var delivery: DeliveryID
    public var entry: QueueEntry
    /// Attempts made so far.
    public var attempts: UInt16
    /// Milliseconds from now until its endpoint may be tried again; 0: at once, if the endpoint is active.
    public var pause: Int64
    /// Bytes of the record that the sender held.
    public var heldBytes: Int
    /// Which destination the pause is about (`Endpoint.destination`); 0: the endpoint's present one.
    public var destination: UInt64

    public init(
        delivery: DeliveryID, entry: QueueEntry, attempts: UInt16, pause: Int64, heldBytes: Int, destination: UInt64 = 0
    ) {
        self.delivery = delivery
        self.entry = entry
        self.attempts = attempts
        self.pause = pause
        self.heldBytes = heldBytes
        self.destination = destination
    }
}

/// The phases of an attempt as libcurl measures them, in microseconds from its start; 0: the phase was not reached.
public struct AttemptPhases: Sendable, Equatable {
    public var resolved: UInt32 = 0
    public var connected: UInt32 = 0
    public var secured: UInt32 = 0
    public var firstByte: UInt32 = 0
    public var total: UInt32 = 0

    public init() {}
}
