public import LMDB
public import Store
public import WebhookModel

/// Schedules dead letters again, a slice in a transaction. A copy is a plan: keep it only once its transaction is committed.
public struct Redelivery: Sendable {
    private var walk: DeadLetterWalk
    private let trigger: AttemptTrigger
    public private(set) var result = Redelivered()
    /// Endpoints of those that took a place in a sequence.
    private(set) var sequenced: Set<EndpointNumber> = []

    /// - Parameter now: Unix milliseconds. A later dead letter is not scheduled again.
    public init(_ query: DeadLetterQuery, trigger: AttemptTrigger, now: Int64) {
        var query = query
        query.until = min(query.until ?? .max, now + 1)
        walk = DeadLetterWalk(query)
        self.trigger = trigger
    }

    public var isOver: Bool { walk.isOver }

    /// Schedules the next ones again.
    ///
    /// - Parameters:
    ///   - dueAt: when they are due, Unix milliseconds.
    ///   - limit: how many at most.
    ///   - isKnown: whether an endpoint is present.
    /// - Returns: the endpoints of those that are scheduled now, each as often.
    public mutating func next(
        _ tables: Tables, dueAt: Int64, limit: Int = Limits.jobSliceMost, isKnown: (EndpointNumber) -> Bool,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> [EndpointNumber] {
        var scheduled: [EndpointNumber] = []
        for letter in try walk.next(
            tables, found: limit, scanned: limit * Limits.jobScanFactor, in: transaction)
        {
            guard isKnown(letter.delivery.endpoint) else {
                result.withoutEndpoint += 1
                continue
            }
            if let batch = try wholeBatch(ledBy: letter.delivery, tables, in: transaction) {
                try tables.redeliver(batch, ledBy: letter.delivery, at: dueAt, trigger: trigger, in: transaction)
                scheduled += repeatElement(letter.delivery.endpoint, count: batch.members.count)
                continue
            }
            switch try tables.redeliver(letter.delivery, at: dueAt, trigger: trigger, in: transaction) {
            // Also one that was scheduled just now, with the batch that it belonged to.
            case .no: continue
            case .alone: break
            case .inSequence: sequenced.insert(letter.delivery.endpoint)
            }
            scheduled.append(letter.delivery.endpoint)
        }
        result.deliveries += scheduled.count
        return scheduled
    }

    /// The batch that a dead letter led, where all of its members are asked for: it is sent again as it was, with its id. A
    /// part of a batch, or one of which a member has gone, is sent in other batches with other ids.
    private func wholeBatch(
        ledBy leader: DeliveryID, _ tables: Tables, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> BatchRow? {
        guard let (batch, letters) = try tables.deadBatch(ledBy: leader, in: transaction) else { return nil }
        for letter in letters where letter.delivery != leader {
            guard try walk.query.admits(letter, tables, in: transaction) else { return nil }
        }
        return batch
    }
}
