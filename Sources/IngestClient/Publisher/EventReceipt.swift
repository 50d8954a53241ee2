public import WebhookModel
public import WireProtocol

/// What became of one published event: the server's promise, or its refusal.
public struct EventReceipt: Sendable, Equatable {
    public var id: EventID
    public var status: ProtocolStatus
    /// With a status of class `sendAgain`: milliseconds to wait.
    public var retryAfter: UInt32
    /// The transaction that made it durable; 0 where nothing was stored.
    public var commit: UInt64

    public init(id: EventID, status: ProtocolStatus, retryAfter: UInt32 = 0, commit: UInt64 = 0) {
        self.id = id
        self.status = status
        self.retryAfter = retryAfter
        self.commit = commit
    }

    /// Whether the event and its deliveries are stored, in the way that WELCOME's durability says.
    public var isStored: Bool { status.statusClass == .stored }

    /// Not stored, and worth another try later, with the same id.
    public var isRetryable: Bool { status.statusClass == .sendAgain || status.statusClass == .sendElsewhere }
}
