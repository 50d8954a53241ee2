public import WebhookModel

/// What an operator may choose about the queue.
public struct QueueConfiguration: Sendable {
    /// Ingest is refused while the file system has less than this free.
    public var diskReserveBytes: Int64
    /// Finished events and their ids are kept so long: the dedup window, milliseconds.
    public var retention: Int64
    public var deadLetterRetention: Int64
    /// Deliveries and bytes handed to one sender and not yet reported.
    public var heldPerSender: Int
    public var heldBytesPerSender: Int
    /// Deliveries that wait in memory for parking.
    public var lotLimit: Int
    /// Seals endpoints' secrets on disk; nil: they are stored as they are.
    public var seal: SecretSeal?
    /// For endpoints that have no policy of their own, and whose tenant has none.
    public var retry = RetryPolicy.standard
    /// Attempts after the first, a second, of a tenant that says nothing else.
    public var retriesPerSecond = Limits.retriesPerSecond
    /// Pending deliveries of a tenant that says nothing else, from which on its events are THROTTLED.
    public var tenantBacklog = Limits.tenantBacklog
    /// Milliseconds that the deliveries of a removed endpoint wait for it to be created again.
    public var removedHold = Limits.removedHoldMilliseconds

    public init(
        diskReserveBytes: Int64 = Limits.diskReserveBytes, retention: Int64 = Limits.retentionMilliseconds,
        deadLetterRetention: Int64 = Limits.deadLetterMilliseconds, heldPerSender: Int = Limits.heldPerSender,
        heldBytesPerSender: Int = Limits.heldBytesPerSender, lotLimit: Int = Limits.lotEntries,
        seal: SecretSeal? = nil
    ) {
        self.diskReserveBytes = diskReserveBytes
        self.retention = retention
        self.deadLetterRetention = deadLetterRetention
        self.heldPerSender = heldPerSender
        self.heldBytesPerSender = heldBytesPerSender
        self.lotLimit = lotLimit
        self.seal = seal
    }
}
