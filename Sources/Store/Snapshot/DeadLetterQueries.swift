import LMDB
import WebhookModel

extension StoreSnapshot {
    /// Dead letters, those of the newest events first.
    ///
    /// Named deliveries and events are looked up by their keys on every page: name some hundreds at most. A page ends
    /// early after some MiB of records where `types` asks for the events (`Limits.searchedBytesPerSlice`).
    public func deadLetters(
        _ query: DeadLetterQuery = DeadLetterQuery(), _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<DeadLetter> {
        var page: Page<DeadLetter>
        if query.deliveries != nil || query.events != nil {
            page = try named(query, request)
        } else {
            page = try self.page(.deadLetters, tables.dead, request, .newestFirst) { entry in
                guard let letter = DeadLetter(key: entry.key, value: entry.value) else { return .malformed }
                return query.admits(letter) ? .row(letter) : .leftOut
            }
        }
        guard query.types != nil || (query.events != nil && query.deliveries != nil) else { return page }
        return try reading { () throws(LMDBError) in
            var matching: [DeadLetter] = []
            var read = 0
            for (index, letter) in page.rows.enumerated() {
                guard read < Limits.searchedBytesPerSlice else {
                    page.next = cursor(page.rows[index - 1].delivery)
                    break
                }
                guard case .event(let event) = try tables.event(at: letter.delivery.position, in: transaction) else {
                    continue
                }
                read += event.bytes.count
                if query.admits(event) { matching.append(letter) }
            }
            page.rows = matching
            return page
        }
    }

    /// The next slice of a walk over dead letters.
    public func slice(
        of walk: DeadLetterWalk
    ) throws(StoreReadError) -> (next: DeadLetterWalk, letters: [DeadLetter]) {
        try reading { () throws(LMDBError) in
            var walk = walk
            let most = Limits.countedDeadLettersPerSlice
            let letters = try walk.next(tables, found: most, scanned: most, in: transaction)
            return (walk, letters)
        }
    }

    private func named(
        _ query: DeadLetterQuery, _ request: PageRequest
    ) throws(StoreReadError) -> Page<DeadLetter> {
        var before: Key?
        if let after = request.after {
            guard after.list == .deadLetters else { throw .invalidCursor }
            before = after.key.withUnsafeBytes { Key($0) }
        }
        return try reading { () throws(LMDBError) in
            var deliveries = query.deliveries ?? []
            if query.deliveries == nil {
                for event in query.events ?? [] {
                    for position in try tables.positions(of: event, in: transaction) {
                        deliveries.formUnion(try tables.deadDeliveries(of: position, in: transaction))
                    }
                }
            }
            var page = Page<DeadLetter>(rows: [], next: nil)
            for delivery in deliveries.sorted(by: >) {
                if let before, !Tables.key(delivery).sortsBefore(before) { continue }
                guard page.rows.count < request.limit else {
                    page.next = page.rows.last.map { cursor($0.delivery) }
                    break
                }
                if let letter = try tables.deadLetter(delivery, in: transaction), query.admits(letter) {
                    page.rows.append(letter)
                }
            }
            return page
        }
    }

    private func cursor(_ delivery: DeliveryID) -> PageCursor {
        Tables.key(delivery).withBytes { PageCursor(.deadLetters, $0) }
    }
}

extension Key {
    func sortsBefore(_ other: Key) -> Bool {
        withBytes { own in other.withBytes { other in own.lexicographicallyPrecedes(other) } }
    }
}
