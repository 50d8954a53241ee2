public import WebhookModel
public import WireProtocol

/// The answer for one published event: the server's promise, or its refusal.
public struct EventReceipt: Sendable, Equatable {
    public var id: EventID
    public var status: ProtocolStatus
    /// With a status of class `sendAgain`: milliseconds to wait.
    public var retryAfter: UInt32
    /// The transaction that made the event durable; 0: nothing was stored.
    public var commit: UInt64

    public init(id: EventID, status: ProtocolStatus, retryAfter: UInt32 = 0, commit: UInt64 = 0) {
        self.id = id
        self.status = status
        self.retryAfter = retryAfter
        self.commit = commit
    }

    /// Whether the event and its deliveries are stored, as WELCOME's durability says.
    public var isStored: Bool { status.statusClass == .stored }

    /// Not stored, but it makes sense to try again later with the same id.
    public var isRetryable: Bool { status.statusClass == .sendAgain || status.statusClass == .sendElsewhere }
}
