public import LMDB
public import WebhookModel

extension Tables {
    // MARK: Halves

    /// Replaces an open batch by two: its first half under the same leader, its second half under a leader of its own. The
    /// caller writes the leaders' rows and due entries in the same transaction.
    ///
    /// - Parameter ids: of the first and of the second half.
    /// - Returns: the second half.
    public func split(
        _ batch: BatchRow, ledBy leader: DeliveryID, ids: (BatchID, BatchID), in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> BatchRow {
        precondition(batch.members.count > 1, "a batch of one has no halves")
        let middle = (batch.members.count + 1) / 2
        let second = BatchRow(id: ids.1, members: Array(batch.members[middle...]))
        try put(BatchRow(id: ids.0, members: Array(batch.members[..<middle])), ledBy: leader, in: transaction)
        let other = DeliveryID(position: second.members[0], endpoint: leader.endpoint)
        try put(second, ledBy: other, in: transaction)
        // One more leader, so one member fewer that stands in no other table.
        try addBatched(-1, in: transaction)
        return second
    }

    // MARK: Redelivery

    /// The final batch that a dead letter led, where all of its members are dead letters of that batch still; nil where
    /// they cannot all be sent again as they were.
    public func deadBatch(
        ledBy leader: DeliveryID, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> (batch: BatchRow, letters: [DeadLetter])? {
        guard let value = try transaction.get(batches, Tables.parkedKey(leader)), value.first == BatchRow.closed,
            let batch = BatchRow(value, leader: leader.position)
        else { return nil }
        var letters: [DeadLetter] = []
        for position in batch.members {
            let member = DeliveryID(position: position, endpoint: leader.endpoint)
            guard let row = try delivery(member, in: transaction), row.state == .deadLettered,
                row.bond == .batch(leader: leader.position), row.attempts <= DeliveryRound.earlierMost,
                let letter = try deadLetter(member, in: transaction)
            else { return nil }
            letters.append(letter)
        }
        return (batch, letters)
    }

    /// Schedules all members of a dead batch again as one batch, with its id: every byte is as before.
    ///
    /// - Parameters:
    ///   - batch: what `deadBatch` found in this transaction.
    ///   - trigger: what the round's first attempt is recorded under.
    public func redeliver(
        _ batch: BatchRow, ledBy leader: DeliveryID, at time: Int64, trigger: AttemptTrigger,
        in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for position in batch.members {
            let member = DeliveryID(position: position, endpoint: leader.endpoint)
            guard var row = try delivery(member, in: transaction) else { continue }
            row.state = .scheduled
            row.dueAt = time
            row.finishedAt = 0
            row.round = DeliveryRound(earlier: row.attempts, trigger: trigger)
            try update(member, row, in: transaction)
            try transaction.delete(dead, Tables.key(member))
            guard member == leader else { continue }
            try putDue(PendingEntry(delivery: leader, dueAt: time, attempts: row.attempts), in: transaction)
        }
        try put(batch, ledBy: leader, in: transaction)
        try addBatched(batch.members.count - 1, in: transaction)
    }
}
