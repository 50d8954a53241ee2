internal import CLMDB

/// A named database (B-tree) of an environment. Opened once, at start, inside a write transaction; valid while the
/// environment is.
public struct Database: Sendable {
    let index: CUnsignedInt
    public let name: String
}

/// How `put` stores.
public enum PutMode: Sendable {
    /// Inserts or replaces.
    case upsert
    /// The key is greater than every key in the database: fills pages completely (MDB_APPEND). A smaller key throws
    /// MDB_KEYEXIST.
    case append

    var flags: CUnsignedInt {
        switch self {
        case .upsert: 0
        case .append: CUnsignedInt(MDB_APPEND)
        }
    }
}
