internal import CLMDB
internal import CLMDBGuard

/// A place in a database, in key order.
///
/// Must not outlive its transaction: LMDB frees the cursors of a write transaction with it. Make one only in a function
/// that borrows the transaction, so that the borrow outlasts it. Next to a local transaction Swift may end the
/// transaction first.
public struct Cursor: ~Copyable {
    /// A key and its value, valid until the transaction's next write or end.
    public struct Entry {
        public let key: UnsafeRawBufferPointer
        public let value: UnsafeRawBufferPointer
    }

    private let handle: OpaquePointer
    private let database: Database
    private let faults: FaultPlan?

    init(transaction: OpaquePointer, database: Database, faults: FaultPlan?) throws(LMDBError) {
        var made: OpaquePointer?
        try check(mdb_cursor_open(transaction, database.index, &made), "mdb_cursor_open \(database.name)")
        handle = made!
        self.database = database
        self.faults = faults
    }

    deinit { mdb_cursor_close(handle) }

    public mutating func first() throws(LMDBError) -> Entry? { try move(MDB_FIRST) }
    public mutating func last() throws(LMDBError) -> Entry? { try move(MDB_LAST) }
    /// The entry after the present one; the first where the cursor was not moved yet.
    public mutating func next() throws(LMDBError) -> Entry? { try move(MDB_NEXT) }
    /// The entry before the present one; the last where the cursor was not moved yet.
    public mutating func previous() throws(LMDBError) -> Entry? { try move(MDB_PREV) }

    /// The first entry whose key is `key` or greater.
    public mutating func seek(_ key: Key) throws(LMDBError) -> Entry? {
        try key.withBytes { bytes throws(LMDBError) in try move(MDB_SET_RANGE, to: MDB_val(bytes)) }
    }

    /// The last entry whose key is less than `key`.
    public mutating func seekBefore(_ key: Key) throws(LMDBError) -> Entry? {
        guard try seek(key) != nil else { return try last() }
        return try previous()
    }

    /// Removes the present entry; `next` then gives the one that followed it.
    public mutating func delete() throws(LMDBError) {
        try faults?.check(.delete, in: mdb_cursor_txn(handle), "mdb_cursor_del \(database.name)")
        try check(mdb_cursor_del(handle, 0), "mdb_cursor_del \(database.name)")
    }

    private func move(_ operation: MDB_cursor_op, to place: MDB_val = MDB_val()) throws(LMDBError) -> Entry? {
        try faults?.check(.read, in: mdb_cursor_txn(handle), "mdb_cursor_get \(database.name)")
        var key = place
        var data = MDB_val()
        let code = needletail_cursor_get(handle, &key, &data, operation)
        if code == MDB_NOTFOUND { return nil }
        try check(code, "mdb_cursor_get \(database.name)")
        return Entry(key: key.bytes, value: data.bytes)
    }
}
