internal import CLMDB

/// What can be read from: a snapshot, or the write transaction, which sees its own changes.
public protocol Transaction: ~Copyable {
    /// The value of a key; nil where there is none. Valid until the transaction's next write or end.
    func get(_ database: Database, _ key: Key) throws(LMDBError) -> UnsafeRawBufferPointer?
    func cursor(_ database: Database) throws(LMDBError) -> Cursor
    /// Entries in a database.
    func count(_ database: Database) throws(LMDBError) -> Int
}

/// A snapshot. Exists only inside `Environment.read`; what it returns dies with it.
public struct ReadTransaction: ~Copyable, Transaction {
    let handle: OpaquePointer

    deinit { mdb_txn_abort(handle) }

    /// The value of a key, valid until the bracket ends; nil where there is none.
    public func get(_ database: Database, _ key: Key) throws(LMDBError) -> UnsafeRawBufferPointer? {
        try value(of: key, in: database, transaction: handle)
    }

    /// Entries in a database.
    public func count(_ database: Database) throws(LMDBError) -> Int { try entries(of: database, transaction: handle) }

    public func cursor(_ database: Database) throws(LMDBError) -> Cursor {
        try Cursor(transaction: handle, database: database)
    }

    /// Free pages of the file: what deletes gave back and no snapshot pins. Walks the free list, which LMDB shows to
    /// snapshots only.
    public func freePages() throws(LMDBError) -> Int {
        var cursor = try Cursor(transaction: handle, database: Database(index: 0, name: "free list"))
        var pages = 0
        // A record of the free list is a count followed by page numbers, each a machine word.
        while let entry = try cursor.next() {
            if entry.value.count >= 8 { pages += Int(entry.value.loadUnaligned(as: UInt.self)) }
        }
        return pages
    }
}

/// The one write transaction. Ends by `commit()`, or by going out of scope, which undoes it.
///
/// Belongs to the thread that began it (`lmdb.h`: "a transaction … must only be used by a single thread"): ended elsewhere, the
/// writer lock stays held for ever. Pages freed in it are not reusable in it.
///
/// Each table that it writes to keeps one LMDB cursor until the end: keys that come in order, as most do, then find their page without
/// a walk from the root, which halves the cost of a write.
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
        if let code = environment.faults?.nextCommitCode(), code != 0 {
            mdb_txn_abort(handle)
            throw LMDBError(code: code, operation: "mdb_txn_commit (planned fault)")
        }
        try check(environment.meaning(ofCommit: mdb_txn_commit(handle)), "mdb_txn_commit")
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
        try value(of: key, in: database, transaction: handle)
    }

    /// Stores a value under a key.
    public func put(
        _ database: Database, _ key: Key, _ bytes: UnsafeRawBufferPointer, _ mode: PutMode = .upsert
    ) throws(LMDBError) {
        let room = try reserve(database, key, count: bytes.count, mode)
        room.copyMemory(from: bytes)
    }

    /// Room for a value of `count` bytes under a key (MDB_RESERVE). Fill all of it before the next call on this transaction.
    public func reserve(
        _ database: Database, _ key: Key, count: Int, _ mode: PutMode = .upsert
    ) throws(LMDBError) -> UnsafeMutableRawBufferPointer {
        try key.withBytes { keyBytes throws(LMDBError) in
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

    /// Room for a value under a key that must be new (MDB_NOOVERWRITE): one look where `get` and `reserve` are two.
    public func claim(_ database: Database, _ key: Key, count: Int) throws(LMDBError) -> Claim {
        try key.withBytes { keyBytes throws(LMDBError) in
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
        try key.withBytes { keyBytes throws(LMDBError) in
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

    /// A cursor of the caller's. Writing to the same table by key while it lives is allowed, and LMDB moves both along.
    public func cursor(_ database: Database) throws(LMDBError) -> Cursor {
        environment.writing.leave(database)
        return try Cursor(transaction: handle, database: database)
    }
}

extension MDB_val {
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: mv_data, count: mv_size) }
}

private func value(
    of key: Key, in database: Database, transaction: OpaquePointer
) throws(LMDBError) -> UnsafeRawBufferPointer? {
    try key.withBytes { keyBytes throws(LMDBError) in
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
