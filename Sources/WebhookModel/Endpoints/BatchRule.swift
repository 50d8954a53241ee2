/// When the events of an endpoint that gets them in batches make one: as soon as one of the three is reached.
///
/// One POST carries a JSON array of their envelopes.
public struct BatchRule: Sendable, Equatable {
    /// Events of a batch at most.
    public var maxEvents: Int
    /// Bytes of its body at most. An event that is larger alone goes alone.
    public var maxBytes: Int
    /// How long the first of them waits for more, milliseconds.
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
