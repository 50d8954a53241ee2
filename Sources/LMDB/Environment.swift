internal import CLMDB
internal import CLMDBGuard
import Glibc
import Synchronization

/// An LMDB environment: one per directory and process (`lmdb.h`, "Caveats").
///
/// Opened with MDB_NOTLS, so a read transaction belongs to its closure and not to a thread. Closed when the last
/// reference goes; transactions keep one.
public final class Environment: @unchecked Sendable {
    // Unchecked: LMDB's own locks guard the handle; write transactions are confined by `WriteTransaction`; `mapAddress`
    // is set in `init`.
    let handle: OpaquePointer
    let faults: FaultPlan?
    /// Used by the write transaction alone.
    let writing: WritePlaces
    /// A reader's slot that is never given away, for the thread that writes. Used by that thread alone.
    var ownSlot = OwnSlot()
    /// The thread that began the last write transaction (pthread_self(3)); 0: none did.
    let writer = Atomic<UInt>(0)
    public let path: String
    private var mapAddress: UnsafeMutableRawPointer?

    /// What a commit waits for.
    public enum Durability: Sendable {
        /// fdatasync of the pages, then a synchronous write of the meta page: LMDB's default.
        case full
        /// Nothing (MDB_NOSYNC, MDB_NOMETASYNC): for tests only. Commits survive the end of the process, but not that
        /// of the system.
        case none

        var flags: CInt {
            switch self {
            case .full: 0
            case .none: MDB_NOSYNC | MDB_NOMETASYNC
            }
        }
    }

    /// Opens or creates `path/data.mdb` and `path/lock.mdb`; the directory must exist.
    ///
    /// - Parameters:
    ///   - mapBytes: address space, the quota of the file; set once, a multiple of the page size is taken.
    ///   - databases: the largest number of named databases.
    ///   - readers: the largest number of read transactions at one time.
    ///   - durability: `full`, except in tests.
    ///   - faults: planned faults; tests only.
    /// - Throws: `isForeignFile` where the file is something else, else what `mdb_env_open` answers.
    public init(
        path: String, mapBytes: Int, databases: Int, readers: Int = 1_024, durability: Durability = .full,
        faults: FaultPlan? = nil
    ) throws(LMDBError) {
        var made: OpaquePointer?
        try check(mdb_env_create(&made), "mdb_env_create")
        handle = made!
        writing = WritePlaces(databases: databases)
        self.faults = faults
        self.path = path
        // From here on a throw runs `deinit`, which closes the handle.
        _ = needletail_guard_assertions(handle)
        try check(mdb_env_set_mapsize(handle, mapBytes / 4_096 * 4_096), "mdb_env_set_mapsize")
        try check(mdb_env_set_maxdbs(handle, CUnsignedInt(databases)), "mdb_env_set_maxdbs")
        try check(mdb_env_set_maxreaders(handle, CUnsignedInt(readers)), "mdb_env_set_maxreaders")
        // MDB_NORDAHEAD: a queue is read once and in order; read-ahead only makes the resident set larger.
        let flags = MDB_NOTLS | MDB_NORDAHEAD | durability.flags
        try check(mdb_env_open(handle, path, CUnsignedInt(flags), 0o600), "mdb_env_open")
        try removeDeadReaders()
        try keepSlot()
        mapAddress = Environment.mapAddress(of: path)
    }

    deinit {
        if let spare = ownSlot.transaction { mdb_txn_abort(spare) }
        mdb_env_close(handle)
    }

    // LMDB tells the map's address only if it was asked to fix it, so the kernel is asked (proc_pid_maps(5)).
    private static func mapAddress(of path: String) -> UnsafeMutableRawPointer? {
        guard let file = fopen("/proc/self/maps", "r") else { return nil }
        defer { fclose(file) }
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        let wanted = String(cString: real) + "/data.mdb"
        var line = [CChar](repeating: 0, count: 8_192)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            guard text.contains(wanted), let start = text.split(separator: "-").first else { continue }
            return UInt(start, radix: 16).flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
        }
        return nil
    }

    /// Begins the one write transaction; blocks while another runs. It must end on this thread.
    public func beginWrite() throws(LMDBError) -> WriteTransaction {
        try faults?.begin()
        var transaction: OpaquePointer?
        try check(mdb_txn_begin(handle, nil, 0, &transaction), "mdb_txn_begin")
        writer.store(UInt(pthread_self()), ordering: .relaxed)
        try faults?.begin(transaction!)
        return WriteTransaction(handle: transaction!, environment: self)
    }

    /// Runs `body` on a snapshot that ends with it. Keep it short: the snapshot pins every page freed meanwhile.
    ///
    /// - Throws: what `body` throws; MDB_PANIC where an earlier commit failed in its meta page, so that the process
    ///   must start again; MDB_READERS_FULL where as many snapshots are open as `readers` allows. The thread that writes
    ///   has a slot of its own, so this does not happen to it.
    public func read<Result>(
        _ body: (borrowing ReadTransaction) throws(LMDBError) -> Result
    ) throws(LMDBError) -> Result {
        let transaction = try beginRead()
        return try body(transaction)
    }

    /// The same for a closure that throws other errors too.
    @_disfavoredOverload
    public func read<Result>(_ body: (borrowing ReadTransaction) throws -> Result) throws -> Result {
        let transaction = try beginRead()
        return try body(transaction)
    }

    /// Begins a snapshot for a type that owns it; `read` is the rule. It ends with its owner, and must not outlive the
    /// environment.
    public func beginRead() throws(LMDBError) -> ReadTransaction {
        try faults?.begin()
        var raw: OpaquePointer?
        var code = mdb_txn_begin(handle, nil, CUnsignedInt(MDB_RDONLY), &raw)
        if code == MDB_READERS_FULL, try removeDeadReaders() > 0 {
            code = mdb_txn_begin(handle, nil, CUnsignedInt(MDB_RDONLY), &raw)
        }
        if code == MDB_READERS_FULL, let own = try takeOwnSlot() {
            try faults?.begin(own)
            return ReadTransaction(handle: own, faults: faults, slotOwner: self)
        }
        try check(code, "mdb_txn_begin for a snapshot")
        try faults?.begin(raw!)
        return ReadTransaction(handle: raw!, faults: faults, slotOwner: nil)
    }

    /// Numbers of the environment (`mdb_env_info`, `mdb_env_stat`).
    public struct Info: Sendable, Equatable {
        public var mapBytes: Int
        public var pageBytes: Int
        /// The last page that was ever used: the file is at least that long.
        public var lastPage: Int
        public var lastTransaction: Int
        public var readers: Int
    }

    public var info: Info {
        var info = MDB_envinfo()
        var stat = MDB_stat()
        mdb_env_info(handle, &info)
        mdb_env_stat(handle, &stat)
        return Info(
            mapBytes: info.me_mapsize, pageBytes: Int(stat.ms_psize), lastPage: Int(info.me_last_pgno),
            lastTransaction: Int(info.me_last_txnid), readers: Int(info.me_numreaders))
    }

    /// Unmaps the pages that this process has read, once more than `bytes` of files are resident. The pages stay in the
    /// page cache, and the resident set stays near what is in use (madvise(2), MADV_DONTNEED on a read-only shared
    /// mapping). Each page that is read again costs a minor fault, so do not call it more often than needed. One thread
    /// at a time.
    public func releaseResidentPages(over bytes: Int) {
        guard Environment.residentFileBytes > bytes, let map = mapAddress else { return }
        let pages = info
        madvise(map, (pages.lastPage + 1) * pages.pageBytes, CInt(MADV_DONTNEED))
    }

    /// Bytes of file mappings in this process's resident set (proc_pid_statm(5), third field); 0 if it cannot be read.
    static var residentFileBytes: Int {
        let file = Glibc.open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = Glibc.read(file, &text, text.count)
        let fields = text.prefix(max(count, 0)).split(separator: UInt8(ascii: " "))
        guard fields.count > 2, let pages = Int(String(decoding: fields[2], as: UTF8.self)) else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

/// Turns a code into an error: the one place that knows that 0 is success.
func check(_ code: CInt, _ operation: @autoclosure () -> String) throws(LMDBError) {
    guard code == 0 else { throw LMDBError(code: code, operation: operation()) }
}
