/// One event on its way to the queue: the fields that the writer decides by, and where its record is in the batch.
public struct EventDraft: Sendable {
    public var record: EventRecord
    /// The record's bytes in `EventBatch.bytes`.
    public var span: EventRecord.Span
    /// Resolved by the session; meaningless if `result` is a refusal.
    public var tenant: TenantNumber
    /// `undecided`, or a refusal that the session has already decided.
    public var result: EventResult
    /// With a retryable result: milliseconds to wait.
    public var retryAfter: UInt32 = 0

    public init(record: EventRecord, span: EventRecord.Span, tenant: TenantNumber, result: EventResult = .undecided) {
        self.record = record
        self.span = span
        self.tenant = tenant
        self.result = result
    }
}

/// Drafts that are answered together: those of a PUBLISH frame, or of a broker's message.
public struct DraftGroup: Sendable {
    /// The intake's own identifier of the group (a request id).
    public var token: UInt64
    /// The number of drafts in the group. They follow those of the previous group.
    public var count: Int

    public init(token: UInt64, count: Int) {
        self.token = token
        self.count = count
    }
}

/// Events that go to the writer together and whose receipt comes back together: the events of one channel read.
///
/// Owned by one thread at a time. The intake fills the batch and passes it on with `offer`. The writer decides each
/// draft's `result`, commits, and returns the batch through `receipts`. The bytes are copied once, here, so that no
/// receive buffer stays in memory.
public final class EventBatch: @unchecked Sendable {
    // Unchecked: ownership moves with the object through mailboxes; it is never shared.
    public var bytes: [UInt8] = []
    public var drafts: [EventDraft] = []
    public var groups: [DraftGroup] = []
    /// The transaction that made the events durable; 0: nothing was stored.
    public var commit: UInt64 = 0
    /// The intake's session; the queue does not use it.
    public let source: any AnyObject & Sendable
    public let receipts: ReceiptPort

    public init(source: any AnyObject & Sendable, receipts: ReceiptPort) {
        self.source = source
        self.receipts = receipts
    }

    /// Whether a draft still needs the writer's decision.
    public var hasUndecided: Bool { drafts.contains { $0.result == .undecided } }

    /// Gives every undecided draft the same result, for example when the queue is closed.
    public func settle(_ result: EventResult, retryAfter: UInt32) {
        for index in drafts.indices where drafts[index].result == .undecided {
            drafts[index].result = result
            drafts[index].retryAfter = retryAfter
        }
    }
}

/// Where decided batches are returned: one per event loop, so that one commit answers each loop once.
public final class ReceiptPort: Sendable {
    private let take: @Sendable ([EventBatch]) -> Void

    /// - Parameter take: called on the writer's thread with batches in commit order. Must not block.
    public init(_ take: @escaping @Sendable ([EventBatch]) -> Void) { self.take = take }

    public func deliver(_ batches: [EventBatch]) { take(batches) }
}

/// The entrance of the queue, as an intake sees it.
public struct IntakePort: Sendable {
    /// Accepts the batch, or returns false when the queue is full. After a refusal `onRoom` is called once when there
    /// is space.
    public let offer: @Sendable (_ batch: EventBatch, _ onRoom: @escaping @Sendable () -> Void) -> Bool

    public init(offer: @escaping @Sendable (_ batch: EventBatch, _ onRoom: @escaping @Sendable () -> Void) -> Bool) {
        self.offer = offer
    }
}
