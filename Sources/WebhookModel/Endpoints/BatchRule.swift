/// When a batch is complete, for an endpoint that gets its events in batches: as soon as one of the three limits is
/// reached.
///
/// One POST carries a JSON array of the events' envelopes.
public struct BatchRule: Sendable, Equatable {
    /// The most events of a batch.
    public var maxEvents: Int
    /// The most bytes of its body. An event that is larger by itself goes alone.
    public var maxBytes: Int
    /// How long the first event waits for more, in milliseconds.
    public var maxWait: Int64

    public init(
        maxEvents: Int = Limits.batchEvents, maxBytes: Int = Limits.batchBytes,
        maxWait: Int64 = Limits.batchWaitMilliseconds
    ) {
        self.maxEvents = maxEvents
        self.maxBytes = maxBytes
        self.maxWait = maxWait
    }
}
