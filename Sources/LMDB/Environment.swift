internal import CLMDB
import Glibc

/// An LMDB environment: one per directory and process (`lmdb.h`, "Caveats").
///
/// Opened with default durability (fdatasync of pages, then a synchronous meta write) and MDB_NOTLS, so a read transaction
/// belongs to its bracket and not to a thread. Closed when the last reference goes; databases and transactions keep one.
public final class Environment: @unchecked Sendable {
    // Unchecked: LMDB's own locks guard the handle; write transactions are confined by `WriteTransaction`.
    let handle: OpaquePointer
    let faults: FaultPlan?
    /// Used by the write transaction alone.
    let writing: WritePlaces
    public let path: String

    /// Opens or creates `path/data.mdb` and `path/lock.mdb`; the directory must exist.
    ///
    /// - Parameters:
    ///   - mapBytes: address space, the quota of the file; set once, a multiple of the page size is taken.
    ///   - databases: named databases at most.
    ///   - readers: read transactions at once at most.
    /// - Throws: `isForeignFile` where the file is something else, else what `mdb_env_open` answers.
    public init(
        path: String, mapBytes: Int, databases: Int, readers: Int = 1_024, faults: FaultPlan? = nil
    ) throws(LMDBError) {
        var made: OpaquePointer?
        try check(mdb_env_create(&made), "mdb_env_create")
        handle = made!
        writing = WritePlaces(databases: databases)
        self.faults = faults
        self.path = path
        // From here on a throw runs `deinit`, which closes the handle.
        try check(mdb_env_set_mapsize(handle, mapBytes / 4_096 * 4_096), "mdb_env_set_mapsize")
        try check(mdb_env_set_maxdbs(handle, CUnsignedInt(databases)), "mdb_env_set_maxdbs")
        try check(mdb_env_set_maxreaders(handle, CUnsignedInt(readers)), "mdb_env_set_maxreaders")
        // MDB_NORDAHEAD: a queue is read in order once; read-ahead only swells the resident set.
        try check(mdb_env_open(handle, path, CUnsignedInt(MDB_NOTLS | MDB_NORDAHEAD), 0o600), "mdb_env_open")
        var dead: CInt = 0
        try check(mdb_reader_check(handle, &dead), "mdb_reader_check")
    }

    deinit { mdb_env_close(handle) }

    // LMDB tells the map's address only where it was asked to fix it, so the kernel is asked (proc_pid_maps(5)).
    private lazy var mapAddress: UnsafeMutableRawPointer? = {
        guard let file = fopen("/proc/self/maps", "r") else { return nil }
        defer { fclose(file) }
        let real = realpath(path, nil)
        defer { free(real) }
        let wanted = String(cString: real!) + "/data.mdb"
        var line = [CChar](repeating: 0, count: 8_192)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            guard text.contains(wanted), let start = text.split(separator: "-").first else { continue }
            return UInt(start, radix: 16).flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
        }
        return nil
    }()

    /// Begins the one write transaction; blocks while another runs. It must end on this thread.
    public func beginWrite() throws(LMDBError) -> WriteTransaction {
        var transaction: OpaquePointer?
        try check(mdb_txn_begin(handle, nil, 0, &transaction), "mdb_txn_begin")
        return WriteTransaction(handle: transaction!, environment: self)
    }

    /// Runs `body` on a snapshot that ends with it. Keep it short: the snapshot pins every page freed meanwhile.
    public func read<Result, Failure: Error>(
        _ body: (borrowing ReadTransaction) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var raw: OpaquePointer?
        let code = mdb_txn_begin(handle, nil, CUnsignedInt(MDB_RDONLY), &raw)
        // Only a reader table smaller than the house's readers, or no memory, can refuse a snapshot.
        precondition(code == 0, "mdb_txn_begin for a snapshot: \(String(cString: mdb_strerror(code)))")
        let transaction = ReadTransaction(handle: raw!)
        return try body(transaction)
    }

    /// Numbers of the environment (`mdb_env_info`, `mdb_env_stat`).
    public struct Info: Sendable, Equatable {
        public var mapBytes: Int
        public var pageBytes: Int
        /// Pages ever used: the file's level.
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

    /// Drops this process's mapping of the pages that it has read once more than `bytes` of files are resident: the pages stay in the
    /// page cache, and the resident set stays about what is in use (madvise(2), MADV_DONTNEED on a read-only shared mapping).
    /// Hot pages are mapped again at a minor fault each, so not more often than needed. One thread at a time.
    public func releaseResidentPages(over bytes: Int) {
        guard Environment.residentFileBytes > bytes, let map = mapAddress else { return }
        let pages = info
        madvise(map, (pages.lastPage + 1) * pages.pageBytes, CInt(MADV_DONTNEED))
    }

    /// Bytes of file mappings in this process's resident set (proc_pid_statm(5), third field); 0 where it cannot be read.
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
