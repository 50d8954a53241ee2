import LMDB
public import WebhookModel

/// The store as it was at one commit, for readers on any thread: typed queries, lists in pages.
///
/// It exists inside `DataDirectory.snapshot` only: it can neither be copied nor be taken out of the closure. Keep the
/// closure short, because a snapshot keeps every page that is freed meanwhile.
public struct StoreSnapshot: ~Copyable {
    let transaction: ReadTransaction
    let tables: Tables

    init(_ transaction: consuming ReadTransaction, _ tables: Tables) {
        self.transaction = transaction
        self.tables = tables
    }
}

extension DataDirectory {
    /// Runs queries on the store as it is now. Does not involve the writer's thread; any number of threads may read at
    /// the same time, up to 1,024.
    public func snapshot<Result>(
        _ body: (borrowing StoreSnapshot) throws(StoreReadError) -> Result
    ) throws(StoreReadError) -> Result {
        let snapshot = StoreSnapshot(try begin(), tables)
        return try body(snapshot)
    }

    /// The same for a closure that throws other errors too.
    @_disfavoredOverload
    public func snapshot<Result>(_ body: (borrowing StoreSnapshot) throws -> Result) throws -> Result {
        let snapshot = StoreSnapshot(try begin(), tables)
        return try body(snapshot)
    }

    private func begin() throws(StoreReadError) -> ReadTransaction {
        do throws(LMDBError) {
            return try environment.beginRead()
        } catch {
            throw StoreReadError(error)
        }
    }
}

extension StoreSnapshot {
    /// The number of deliveries that are not final, by where they wait.
    public func pendingCount() throws(StoreReadError) -> PendingCount {
        try reading { () throws(LMDBError) in try tables.pendingCount(in: transaction) }
    }

    /// The same by endpoint, those of removed endpoints too. Costs a cursor's step for each pending delivery.
    public func pendingByEndpoint() throws(StoreReadError) -> [EndpointNumber: Int] {
        try reading { () throws(LMDBError) in
            var skipped = SkippedRows()
            let leading = try tables.endpoints(in: tables.batches, transaction, skipped: &skipped)
            return try tables.pendingByEndpoint(
                withBatches: Set(leading), in: transaction, skipped: &skipped)
        }
    }

    /// Turns the errors below into this layer's.
    func reading<Result>(_ body: () throws(LMDBError) -> Result) throws(StoreReadError) -> Result {
        do throws(LMDBError) {
            return try body()
        } catch {
            throw StoreReadError(error)
        }
    }

    /// Order of a list by its keys.
    enum Order { case ascending, newestFirst }

    /// What a row of a table is in a list.
    enum Listed<Row> {
        case row(Row)
        /// The filter does not want it.
        case leftOut
        case malformed

        init(_ row: Row?) { self = row.map { .row($0) } ?? .malformed }
    }

    /// A page of a table's rows.
    ///
    /// - Parameters:
    ///   - prefix: the list has the keys that begin so.
    ///   - row: what a row of the table is in the list.
    func page<Row>(
        _ list: StoreList, _ table: Database, _ request: PageRequest, prefix: Key = Key(), _ order: Order,
        _ row: (Cursor.Entry) -> Listed<Row>
    ) throws(StoreReadError) -> Page<Row> {
        if let after = request.after {
            guard after.list == list, after.key.withUnsafeBytes({ $0.starts(with: prefix) }) else {
                throw .invalidCursor
            }
        }
        return try reading { () throws(LMDBError) in
            var page = Page<Row>(rows: [], next: nil)
            var cursor = try transaction.cursor(table)
            var entry = try start(&cursor, request.after, prefix, order)
            var looked = 0
            while let found = entry, found.key.starts(with: prefix) {
                guard page.rows.count < request.limit, looked < request.scanned else { return page }
                looked += 1
                page.next = PageCursor(list, found.key)
                switch row(found) {
                case .row(let value): page.rows.append(value)
                case .leftOut: break
                case .malformed: page.skipped.add(table, found.key)
                }
                entry = order == .ascending ? try cursor.next() : try cursor.previous()
            }
            page.next = nil
            return page
        }
    }

    private func start(
        _ cursor: inout Cursor, _ after: PageCursor?, _ prefix: Key, _ order: Order
    ) throws(LMDBError) -> Cursor.Entry? {
        guard let after, let key = after.key.withUnsafeBytes({ Key($0) }) else {
            switch order {
            case .ascending: return prefix.count == 0 ? try cursor.first() : try cursor.seek(prefix)
            case .newestFirst:
                guard prefix.count > 0 else { return try cursor.last() }
                // No key that begins so is longer than the prefix and six bytes.
                var end = prefix
                end.append(UInt64.max)
                return try cursor.seekBefore(end)
            }
        }
        guard order == .ascending else { return try cursor.seekBefore(key) }
        let entry = try cursor.seek(key)
        guard let found = entry, Key(found.key) == key else { return entry }
        return try cursor.next()
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func starts(with prefix: Key) -> Bool { prefix.withBytes { self.starts(with: $0) } }
}
