internal import CLMDB

/// The cursors with which the one write transaction writes, by table: opened at the first write to a table, closed
/// before the transaction's end, because LMDB frees them with it.
///
/// `mdb_cursor_put` looks first at the page of its cursor (`mdb_cursor_set`); `mdb_put` begins each time at the root.
/// Owned by the environment, which has one write transaction at a time, so that none is allocated for each.
struct WritePlaces: ~Copyable {
    private let cursors: UnsafeMutablePointer<OpaquePointer?>
    private let count: Int

    /// - Parameter databases: the largest number of named databases. LMDB numbers them after its own two.
    init(databases: Int) {
        count = databases + 2
        cursors = .allocate(capacity: count)
        cursors.initialize(repeating: nil, count: count)
    }

    deinit { cursors.deallocate() }

    func place(in database: Database, of transaction: OpaquePointer) throws(LMDBError) -> OpaquePointer {
        let index = Int(database.index)
        precondition(index < count, "a database of another environment")
        if let cursor = cursors[index] { return cursor }
        var made: OpaquePointer?
        try check(mdb_cursor_open(transaction, database.index, &made), "mdb_cursor_open \(database.name)")
        cursors[index] = made
        return made!
    }

    /// Closes the cursor of one table, before the caller walks and deletes there with a cursor of its own.
    func leave(_ database: Database) { leave(Int(database.index)) }

    /// Closes all of them. Call before the transaction ends.
    func leaveAll() { for index in 0..<count { leave(index) } }

    private func leave(_ index: Int) {
        guard let cursor = cursors[index] else { return }
        mdb_cursor_close(cursor)
        cursors[index] = nil
    }
}
