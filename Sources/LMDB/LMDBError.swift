internal import CLMDB
import Glibc

/// A code that LMDB or the system gave, and the operation that got it.
///
/// Codes are those of `lmdb.h` ("Return Codes") or errno values.
public struct LMDBError: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: CInt
    /// The function of `lmdb.h` that answered so.
    public let operation: String

    public init(code: CInt, operation: String) {
        self.code = code
        self.operation = operation
    }

    /// A `FaultPlan` ended the process. Neither LMDB nor the system uses the code.
    public static let processEnded = LMDBError(code: -20_000, operation: "any use of the environment")

    /// The map is full (MDB_MAP_FULL) or the transaction is too large (MDB_TXN_FULL): nothing was changed.
    public var isMapFull: Bool { code == MDB_MAP_FULL || code == MDB_TXN_FULL }
    /// The file system has no space (ENOSPC, EDQUOT): the transaction was not committed and the environment stays
    /// consistent.
    public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
    /// The file is not an LMDB data file of this version.
    public var isForeignFile: Bool { code == MDB_INVALID || code == MDB_VERSION_MISMATCH }
    /// As many snapshots are open as the environment allows (MDB_READERS_FULL).
    public var isReadersFull: Bool { code == MDB_READERS_FULL }
    /// A page that the operation needs is damaged (MDB_CORRUPTED, MDB_PAGE_NOTFOUND; MDB_CURSOR_FULL: a tree that is
    /// deeper than any can be). The transaction cannot be used after it; other pages can still be read in a new one.
    public var isCorruption: Bool { code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_CURSOR_FULL }
    /// The transaction had an error before (MDB_BAD_TXN): that error is the cause.
    public var isEndedTransaction: Bool { code == MDB_BAD_TXN }

    public var description: String {
        if self == .processEnded { return "the process ended (planned fault)" }
        let text = "\(operation): \(String(cString: mdb_strerror(code))) (\(code))"
        if isCorruption { return "\(text): the data file is damaged; \(LMDBError.mend)" }
        guard isEndedTransaction else { return text }
        return "\(text): an earlier error ended this transaction; if the log names none, the data file is damaged; "
            + LMDBError.mend
    }

    private static let mend = "stop the server, keep a copy of data.mdb, and restore a backup"
}
