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

    /// The map is full (MDB_MAP_FULL) or the transaction is too large (MDB_TXN_FULL): nothing was changed.
    public var isMapFull: Bool { code == MDB_MAP_FULL || code == MDB_TXN_FULL }
    /// The file system has no space (ENOSPC, EDQUOT): the transaction was not committed and the environment stays consistent.
    public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT }
    /// The file is not an LMDB data file of this version.
    public var isForeignFile: Bool { code == MDB_INVALID || code == MDB_VERSION_MISMATCH }
    public var isNotFound: Bool { code == MDB_NOTFOUND }

    public var description: String { "\(operation): \(String(cString: mdb_strerror(code))) (\(code))" }
}
