public import WebhookModel

/// Events that go to an endpoint in one POST: fixed before its first attempt, and the same at every one.
public final class MessageBatch: Sendable {
    public let id: BatchID
    /// In commit order; the first is the leader's.
    public let events: [Event]
    /// Bytes of their records.
    public let bytes: Int

    public init(id: BatchID, events: [Event]) {
        precondition(!events.isEmpty, "a batch has members")
        self.id = id
        self.events = events
        bytes = events.reduce(0) { $0 + $1.bytes.count }
    }
}
