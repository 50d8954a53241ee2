/// One event on its way to the queue: fields that the writer decides by, and where its record lies in the batch.
public struct EventDraft: Sendable {
    public var record: EventRecord
    /// The record's bytes in `EventBatch.bytes`.
    public var span: EventRecord.Span
    /// Resolved by the session; meaningless where `result` is a refusal.
    public var tenant: TenantNumber
    /// `undecided`, or a refusal that the session has decided already.
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

/// Drafts that want one answer together: a PUBLISH frame, or a broker's message.
public struct DraftGroup: Sendable {
    /// The intake's own name for the group (a request id).
    public var token: UInt64
    /// How many drafts of the batch, following the previous group's.
    public var count: Int

    public init(token: UInt64, count: Int) {
        self.token = token
        self.count = count
    }
}

/// Events that go to the writer together and whose receipt comes back together: one channel read's worth.
///
/// Owned by one thread at a time: the intake fills it and gives it away with `offer`; the writer decides each draft's `result`,
/// commits, and gives it back through `receipts`. The bytes are copied once, here, so no receive buffer stays pinned.
public final class EventBatch: @unchecked Sendable {
    // Unchecked: ownership moves with the object through mailboxes, never shared.
    public var bytes: [UInt8] = []
    public var drafts: [EventDraft] = []
    public var groups: [DraftGroup] = []
    /// The transaction that made it durable; 0 where nothing was stored.
    public var commit: UInt64 = 0
    /// The intake's session, untouched by the queue.
    public let source: any AnyObject & Sendable
    public let receipts: ReceiptPort

    public init(source: any AnyObject & Sendable, receipts: ReceiptPort) {
        self.source = source
        self.receipts = receipts
    }

    /// Whether any draft still wants the writer's decision.
    public var hasUndecided: Bool { drafts.contains { $0.result == .undecided } }

    /// Answers everything undecided with one result, as when the queue is closed.
    public func settle(_ result: EventResult, retryAfter: UInt32) {
        for index in drafts.indices where drafts[index].result == .undecided {
            drafts[index].result = result
            drafts[index].retryAfter = retryAfter
        }
    }
}

/// Where decided batches go back to: one per event loop, so that one commit answers each loop once.
public final class ReceiptPort: Sendable {
    private let take: @Sendable ([EventBatch]) -> Void

    /// - Parameter take: called on the writer's thread with batches in commit order; must not block.
    public init(_ take: @escaping @Sendable ([EventBatch]) -> Void) { self.take = take }

    public func deliver(_ batches: [EventBatch]) { take(batches) }
}

/// The mouth of the queue as an intake sees it.
public struct IntakePort: Sendable {
    /// Takes the batch, or says no when the queue is full. After a no, `onRoom` is called once when there is room.
    public let offer: @Sendable (_ batch: EventBatch, _ onRoom: @escaping @Sendable () -> Void) -> Bool

    public init(offer: @escaping @Sendable (_ batch: EventBatch, _ onRoom: @escaping @Sendable () -> Void) -> Bool) {
        self.offer = offer
    }
}
