public import LMDB
public import WebhookModel

/// A dead letter: a delivery whose attempts are spent.
public struct DeadLetter: Sendable, Equatable {
    public var delivery: DeliveryID
    /// Unix milliseconds.
    public var at: Int64
    public var outcome: Outcome
    public var status: UInt16
    public var attempts: UInt16
}

extension Tables {
    /// Records an attempt. Immutable: each has a key of its own.
    public func record(
        _ report: AttemptReport, nextAt: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let value = try transaction.reserve(
            attempts, Tables.attemptKey(report.delivery, report.attempt), count: AttemptRow.bytes(for: report))
        AttemptRow.write(report, nextAt: nextAt, to: value)
    }

    /// The attempts of a delivery, in order.
    public func attempts(
        of delivery: DeliveryID, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [AttemptRow] {
        var cursor = try transaction.cursor(attempts)
        var rows: [AttemptRow] = []
        var entry = try cursor.seek(Tables.attemptKey(delivery, 0))
        while let found = entry, found.key.count == 14, found.key.uint64(at: 0) == delivery.position.value,
            found.key.uint32(at: 8) == delivery.endpoint.value
        {
            if let row = AttemptRow(found.value) { rows.append(row) }
            entry = try cursor.next()
        }
        return rows
    }

    /// Enters a dead letter.
    public func bury(
        _ delivery: DeliveryID, at time: Int64, outcome: Outcome, status: UInt16, attempts: UInt16,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let value = try transaction.reserve(dead, Tables.key(delivery), count: 13)
        value.store(time, at: 0)
        value[8] = outcome.rawValue
        value.store(status, at: 9)
        value.store(attempts, at: 11)
    }

    /// Dead letters in commit order, at most `limit`.
    public func deadLetters(
        limit: Int, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> [DeadLetter] {
        var cursor = try transaction.cursor(dead)
        var letters: [DeadLetter] = []
        var entry = try cursor.first()
        while let found = entry, letters.count < limit {
            if found.key.count == 12, found.value.count == 13, let outcome = Outcome(rawValue: found.value[8]) {
                let delivery = DeliveryID(
                    position: EventPosition(found.key.uint64(at: 0)), endpoint: EndpointNumber(found.key.uint32(at: 8)))
                letters.append(
                    DeadLetter(
                        delivery: delivery, at: Int64(bitPattern: found.value.uint64(at: 0)), outcome: outcome,
                        status: found.value.uint16(at: 9), attempts: found.value.uint16(at: 11)))
            }
            entry = try cursor.next()
        }
        return letters
    }

    static func attemptKey(_ delivery: DeliveryID, _ attempt: UInt16) -> Key {
        var key = key(delivery)
        key.append(attempt)
        return key
    }
}
