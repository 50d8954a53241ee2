public import WebhookModel

/// The events of one read, or of one request, on their way into a batch for the queue. Their bytes are copied once, here.
///
/// An intake appends its groups, calls `throttle` once if the key has a rate, and takes the batch. A batch with `hasUndecided` goes to the queue;
/// one without is answered at once.
public struct GatheredEvents {
    private var bytes: [UInt8] = []
    private var drafts: [EventDraft] = []
    private var groups: [DraftGroup] = []

    public init() {}

    public var isEmpty: Bool { groups.isEmpty }

    /// Reserves memory once for everything that one read can hold.
    public mutating func reserve(bytes count: Int, events: Int) {
        bytes.reserveCapacity(count)
        drafts.reserveCapacity(events)
    }

    /// Adds a group of records that lie in one run of bytes, refused ones with their refusals.
    ///
    /// - Parameters:
    ///   - run: copied whole into the batch.
    ///   - token: what the intake calls the group; comes back with the answer.
    ///   - wallMilliseconds: the time, in Unix milliseconds.
    ///   - forEachRecord: calls its argument with the place of each record in `run`, in order. Places do not overlap.
    @inlinable
    public mutating func append(
        _ run: UnsafeRawBufferPointer, token: UInt64, through gate: inout EventGate, wallMilliseconds: Int64,
        forEachRecord: ((Range<Int>) -> Void) -> Void
    ) {
        let first = beginGroup(run)
        let latestDelivery = wallMilliseconds + Limits.deliverAheadMilliseconds
        forEachRecord { place in append(run, at: place, base: first.base, through: &gate, latestDelivery) }
        endGroup(token: token, since: first.draft)
    }

    /// Adds a group of records, each in an array of its own.
    public mutating func append(
        _ records: [[UInt8]], token: UInt64, through gate: inout EventGate, wallMilliseconds: Int64
    ) {
        let first = drafts.count
        let latestDelivery = wallMilliseconds + Limits.deliverAheadMilliseconds
        for record in records {
            record.withUnsafeBytes { record in
                let base = beginGroup(record).base
                append(record, at: 0..<record.count, base: base, through: &gate, latestDelivery)
            }
        }
        endGroup(token: token, since: first)
    }

    /// - Returns: where the run begins in the batch, and the number of its first draft.
    @usableFromInline
    mutating func beginGroup(_ run: UnsafeRawBufferPointer) -> (base: Int, draft: Int) {
        defer { bytes.append(contentsOf: run) }
        return (bytes.count, drafts.count)
    }

    @usableFromInline
    mutating func append(
        _ run: UnsafeRawBufferPointer, at place: Range<Int>, base: Int, through gate: inout EventGate,
        _ latestDelivery: Int64
    ) {
        let record = UnsafeRawBufferPointer(rebasing: run[place])
        let span = EventRecord.Span(offset: base + place.lowerBound, count: place.count)
        drafts.append(gate.draft(of: record, at: span, latestDelivery: latestDelivery))
    }

    @usableFromInline
    mutating func endGroup(token: UInt64, since first: Int) {
        groups.append(DraftGroup(token: token, count: drafts.count - first))
    }

    /// Takes the key's rate for all undecided events at once. Those over it become THROTTLED, with the time to wait.
    ///
    /// - Parameters:
    ///   - bucket: `EventGate.bucket`.
    ///   - now: monotonic nanoseconds.
    /// - Returns: whether it refused an event.
    @discardableResult
    public mutating func throttle(by bucket: RateBucket, now: Int64) -> Bool {
        let wanted = drafts.count { $0.result == .undecided }
        guard wanted > 0 else { return false }
        var grant = bucket.take(wanted, now: now)
        guard grant.events < wanted else { return false }
        for index in drafts.indices where drafts[index].result == .undecided {
            if grant.events > 0 {
                grant.events -= 1
            } else {
                drafts[index].result = .throttled
                drafts[index].retryAfter = grant.retryAfter
            }
        }
        return true
    }

    /// Moves everything into a batch.
    ///
    /// - Parameters:
    ///   - source: the intake's own, to know the batch again; the queue leaves it alone.
    ///   - receipts: where the queue returns the decided batch.
    public mutating func takeBatch(source: any AnyObject & Sendable, receipts: ReceiptPort) -> EventBatch {
        let batch = EventBatch(source: source, receipts: receipts)
        swap(&batch.bytes, &bytes)
        swap(&batch.drafts, &drafts)
        swap(&batch.groups, &groups)
        return batch
    }
}
