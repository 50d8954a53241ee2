internal import CLMDB

/// What can be read from: a snapshot, or the write transaction, which sees its own changes.
public protocol Transaction: ~Copyable {
    /// The value of a key; nil where there is none. Valid until the transaction's next write or end.
    func get(_ database: Database, _ key: Key) throws(LMDBError) -> UnsafeRawBufferPointer?
    func cursor(_ database: Database) throws(LMDBError) -> Cursor
    /// Entries in a database.
    func count(_ database: Database) throws(LMDBError) -> Int
    /// Runs a look-up that may meet a damaged page: the error that it throws then does not end this transaction.
    func contained<Result>(
        _ body: (borrowing ReadTransaction) throws(LMDBError) -> Result
    ) throws(LMDBError) -> Result
    /// Makes the transaction usable again after an error for which `isCorruption` holds: LMDB refuses every further
    /// call without it.
    ///
    /// - Returns: false where it cannot be: the transaction must be given up.
    func goOnAfterDamage() throws(LMDBError) -> Bool
}

/// A snapshot. Exists only inside `Environment.read`; the memory that it returns is valid until then.
public struct ReadTransaction: ~Copyable, Transaction {
    let handle: OpaquePointer
    let faults: FaultPlan?
    /// The environment, where the snapshot uses the slot of the thread that writes.
    let slotOwner: Environment?

    deinit {
        if let slotOwner { slotOwner.returnOwnSlot() } else { mdb_txn_abort(handle) }
    }

    /// The value of a key, valid until the snapshot ends; nil where there is none.
    public func get(_ database: Database, _ key: Key) throws(LMDBError) -> UnsafeRawBufferPointer? {
        try value(of: key, in: database, transaction: handle, faults)
    }

    /// Runs a look-up on this snapshot. After damage the snapshot goes on as `goOnAfterDamage` says.
    public func contained<Result>(
        _ body: (borrowing ReadTransaction) throws(LMDBError) -> Result
    ) throws(LMDBError) -> Result {
        do throws(LMDBError) {
            return try body(self)
        } catch {
            if error.isCorruption { _ = try goOnAfterDamage() }
            throw error
        }
    }

    /// Restarts the snapshot at the last commit (mdb_txn_reset, mdb_txn_renew). Cursors and values from before are not
    /// valid any more. On the writer's thread nothing else changes, because no other thread commits.
    ///
    /// - Returns: true.
    public func goOnAfterDamage() throws(LMDBError) -> Bool {
        mdb_txn_reset(handle)
        try check(mdb_txn_renew(handle), "mdb_txn_renew")
        try faults?.begin(handle)
        return true
    }

    /// Entries in a database.
    public func count(_ database: Database) throws(LMDBError) -> Int { try entries(of: database, transaction: handle) }

    public func cursor(_ database: Database) throws(LMDBError) -> Cursor {
        try Cursor(transaction: handle, database: database, faults: faults)
    }

    /// Free pages of the file: what deletes gave back and no snapshot pins. Walks the free list, which LMDB shows to
    /// snapshots only.
    public func freePages() throws(LMDBError) -> Int {
        var cursor = try Cursor(transaction: handle, database: Database(index: 0, name: "free list"), faults: faults)
        var pages = 0
        // A record of the free list is a count followed by page numbers, each a machine word.
        while let entry = try cursor.next() {
            if entry.value.count >= 8 { pages += Int(entry.value.loadUnaligned(as: UInt.self)) }
        }
        return pages
    }
}

/// The one write transaction. Ends by `commit()`, or is undone when it goes out of scope.
///
/// Belongs to the thread that began it (`lmdb.h`: "a transaction … must only be used by a single thread"): ended
/// elsewhere, the writer lock stays held for ever. Pages freed in it are not reusable in it.
///
/// Each table that it writes to keeps one LMDB cursor until the end (`WritePlaces`): keys that come in order, as most
/// do, then find their page without a walk from the root.
public struct WriteTransaction: ~Copyable, Transaction {
    // Nil once committed. `discard self` is not to be had while the environment is kept alive here.
    private var live: OpaquePointer?
    private let environment: Environment

    init(handle: OpaquePointer, environment: Environment) {
        live = handle
        self.environment = environment
    }

    deinit {
        guard let live else { return }
        environment.writing.leaveAll()
        mdb_txn_abort(live)
    }

    private var handle: OpaquePointer { live! }

    /// Where this transaction last wrote in a table.
    private func place(in database: Database) throws(LMDBError) -> OpaquePointer {
        try environment.writing.place(in: database, of: handle)
    }

    /// Makes everything durable (fdatasync, then the meta page written synchronously).
    ///
    /// - Throws: `isNoSpace`: nothing was committed, go on. Anything else leaves the commit in doubt: stop and recover.
    public consuming func commit() throws(LMDBError) {
        let handle = handle
        live = nil
        environment.writing.leaveAll()
        if let faults = environment.faults {
            do throws(LMDBError) {
                try faults.check(.commit, in: handle, "mdb_txn_commit")
                if faults.endsNow(.before) { throw .processEnded }
            } catch {
                mdb_txn_abort(handle)
                throw error
            }
        }
        try check(environment.meaning(ofCommit: mdb_txn_commit(handle)), "mdb_txn_commit")
        if environment.faults?.endsNow(.after) == true { throw .processEnded }
    }

    /// This transaction's number: what receipts call the commit.
    public var number: UInt64 { UInt64(mdb_txn_id(handle)) }

    /// Opens a database, creating it where it is missing.
    public func open(_ name: String) throws(LMDBError) -> Database {
        var index: CUnsignedInt = 0
        try check(mdb_dbi_open(handle, name, CUnsignedInt(MDB_CREATE), &index), "mdb_dbi_open \(name)")
        return Database(index: index, name: name)
    }

    /// The value of a key, valid until the next write of this transaction; nil where there is none.
    public func get(_ database: Database, _ key: Key) throws(LMDBError) -> UnsafeRawBufferPointer? {
        try value(of: key, in: database, transaction: handle, environment.faults)
    }

    /// Runs a look-up on a snapshot of the last commit: it does not see this transaction's changes.
    public func contained<Result>(
        _ body: (borrowing ReadTransaction) throws(LMDBError) -> Result
    ) throws(LMDBError) -> Result {
        try environment.read(body)
    }

    /// - Returns: false. A write transaction that met a damaged page must be given up.
    public func goOnAfterDamage() throws(LMDBError) -> Bool { false }

    /// Stores a value under a key.
    public func put(
        _ database: Database, _ key: Key, _ bytes: UnsafeRawBufferPointer, _ mode: PutMode = .upsert
    ) throws(LMDBError) {
        let room = try reserve(database, key, count: bytes.count, mode)
        room.copyMemory(from: bytes)
    }

    /// Room for a value of `count` bytes under a key (MDB_RESERVE). Fill all of it before the next call on this
    /// transaction.
    public func reserve(
        _ database: Database, _ key: Key, count: Int, _ mode: PutMode = .upsert
    ) throws(LMDBError) -> UnsafeMutableRawBufferPointer {
        try environment.faults?.check(.put, in: handle, "mdb_cursor_put \(database.name)")
        return try key.withBytes { keyBytes throws(LMDBError) in
            var name = MDB_val(keyBytes)
            var data = MDB_val(mv_size: count, mv_data: nil)
            try check(
                mdb_cursor_put(place(in: database), &name, &data, CUnsignedInt(MDB_RESERVE) | mode.flags),
                "mdb_cursor_put \(database.name)")
            return UnsafeMutableRawBufferPointer(start: data.mv_data, count: count)
        }
    }

    /// What `claim` found.
    public enum Claim {
        /// The key is new. Fill all of its value before the next call on this transaction.
        case room(UnsafeMutableRawBufferPointer)
        /// The key has this value already, and nothing was changed. Valid until the next write.
        case taken(UnsafeRawBufferPointer)
    }

    /// Room for a value under a key that must be new (MDB_NOOVERWRITE): one look-up where `get` and `reserve` are two.
    public func claim(_ database: Database, _ key: Key, count: Int) throws(LMDBError) -> Claim {
        try environment.faults?.check(.put, in: handle, "mdb_cursor_put \(database.name)")
        return try key.withBytes { keyBytes throws(LMDBError) in
            var name = MDB_val(keyBytes)
            var data = MDB_val(mv_size: count, mv_data: nil)
            let code = try mdb_cursor_put(
                place(in: database), &name, &data, CUnsignedInt(MDB_RESERVE | MDB_NOOVERWRITE))
            if code == MDB_KEYEXIST { return .taken(data.bytes) }
            try check(code, "mdb_cursor_put \(database.name)")
            return .room(UnsafeMutableRawBufferPointer(start: data.mv_data, count: count))
        }
    }

    /// Removes a key. False: there was none.
    @discardableResult
    public func delete(_ database: Database, _ key: Key) throws(LMDBError) -> Bool {
        try environment.faults?.check(.delete, in: handle, "mdb_cursor_del \(database.name)")
        return try key.withBytes { keyBytes throws(LMDBError) in
            var name = MDB_val(keyBytes)
            let place = try place(in: database)
            let code = mdb_cursor_get(place, &name, nil, MDB_SET)
            if code == MDB_NOTFOUND { return false }
            try check(code, "mdb_cursor_get \(database.name)")
            try check(mdb_cursor_del(place, 0), "mdb_cursor_del \(database.name)")
            return true
        }
    }

    /// Entries in a database.
    public func count(_ database: Database) throws(LMDBError) -> Int { try entries(of: database, transaction: handle) }

    /// A cursor for the caller. Writes to the same table by key are allowed while it exists: LMDB keeps both in place.
    public func cursor(_ database: Database) throws(LMDBError) -> Cursor {
        environment.writing.leave(database)
        return try Cursor(transaction: handle, database: database, faults: environment.faults)
    }
}

extension MDB_val {
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: mv_data, count: mv_size) }
}

private func value(
    of key: Key, in database: Database, transaction: OpaquePointer, _ faults: FaultPlan?
) throws(LMDBError) -> UnsafeRawBufferPointer? {
    try faults?.check(.read, in: transaction, "mdb_get \(database.name)")
    return try key.withBytes { keyBytes throws(LMDBError) in
        var name = MDB_val(keyBytes)
        var data = MDB_val()
        let code = mdb_get(transaction, database.index, &name, &data)
        if code == MDB_NOTFOUND { return nil }
        try check(code, "mdb_get \(database.name)")
        return data.bytes
    }
}

private func entries(of database: Database, transaction: OpaquePointer) throws(LMDBError) -> Int {
    var stat = MDB_stat()
    try check(mdb_stat(transaction, database.index, &stat), "mdb_stat \(database.name)")
    return stat.ms_entries
}
