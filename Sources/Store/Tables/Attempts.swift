public import LMDB
public import WebhookModel

extension Tables {
    /// Records an attempt. Rows are never changed: each attempt has its own key.
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
        while let found = entry,
            found.key.count < 12
                || (found.key.uint64(at: 0) == delivery.position.value
                    && found.key.uint32(at: 8) == delivery.endpoint.value)
        {
            if found.key.count == 14, let row = AttemptRow(found.value) { rows.append(row) }
            entry = try cursor.next()
        }
        return rows
    }

    static func attemptKey(_ delivery: DeliveryID, _ attempt: UInt16) -> Key {
        var key = key(delivery)
        key.append(attempt)
        return key
    }
}
