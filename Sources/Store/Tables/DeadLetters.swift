public import LMDB
public import WebhookModel

/// A dead letter: a delivery that has used all its attempts, or whose record is damaged.
public struct DeadLetter: Sendable, Equatable {
    public var delivery: DeliveryID
    /// Unix milliseconds.
    public var at: Int64
    public var outcome: Outcome
    public var status: UInt16
    public var attempts: UInt16

    static let bytes = 13

    init?(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        guard key.count == 12, value.count == DeadLetter.bytes, let outcome = Outcome(rawValue: value[8]) else {
            return nil
        }
        delivery = DeliveryID(position: EventPosition(key.uint64(at: 0)), endpoint: EndpointNumber(key.uint32(at: 8)))
        at = Int64(bitPattern: value.uint64(at: 0))
        self.outcome = outcome
        status = value.uint16(at: 9)
        attempts = value.uint16(at: 11)
    }
}

/// Whether a dead letter was scheduled again.
public enum RedeliveryResult: Sendable {
    /// It is not a dead letter any more, or its number of attempts is at the largest that a row can hold.
    case no
    /// Scheduled.
    case alone
    /// Scheduled, in its sequence.
    case inSequence
}

extension Tables {
    /// Enters a dead letter.
    public func putDeadLetter(
        _ delivery: DeliveryID, at time: Int64, outcome: Outcome, status: UInt16, attempts: UInt16,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let value = try transaction.reserve(dead, Tables.key(delivery), count: DeadLetter.bytes)
        value.store(time, at: 0)
        value[8] = outcome.rawValue
        value.store(status, at: 9)
        value.store(attempts, at: 11)
    }

    /// Dead letters in commit order, at most `limit`.
    public func deadLetters(
        limit: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [DeadLetter] {
        var walk = DeadLetterWalk(DeadLetterQuery())
        return try walk.next(self, found: limit, scanned: .max, in: transaction)
    }

    /// Schedules a dead letter again: due at `time`, in a new round of its endpoint's policy. A delivery of a sequence returns to its
    /// place in commit order: if it held its key it is still the head.
    ///
    /// - Parameter trigger: what the round's first attempt is recorded under.
    public func redeliver(
        _ delivery: DeliveryID, at time: Int64, trigger: AttemptTrigger, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> RedeliveryResult {
        guard try self.delivery(delivery, in: transaction)?.state == .deadLettered else { return .no }
        return try redeliverFinal(delivery, at: time, trigger: trigger, in: transaction)
    }

    /// The same for a delivery in any final state.
    public func redeliverFinal(
        _ delivery: DeliveryID, at time: Int64, trigger: AttemptTrigger, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> RedeliveryResult {
        guard let row = try self.delivery(delivery, in: transaction), row.state.isFinal,
            row.attempts <= DeliveryRound.earlierMost
        else { return .no }
        let round = DeliveryRound(earlier: row.attempts, trigger: trigger)
        try update(
            delivery,
            DeliveryRow(
                state: .scheduled, outcome: row.outcome, attempts: row.attempts, status: row.status, dueAt: time,
                round: round,
                bond: row.bond),
            in: transaction)
        try transaction.delete(dead, Tables.key(delivery))
        let entry = PendingEntry(delivery: delivery, dueAt: time, attempts: row.attempts)
        guard let sequence = row.sequence(at: delivery.endpoint) else {
            try putDue(entry, in: transaction)
            return .alone
        }
        _ = try enter(entry, sequence, in: transaction)
        return .inSequence
    }
}
