public import LMDB

/// Why a data directory cannot be used. Each text names the directory, the reason and the remedy.
public enum StoreError: Error, CustomStringConvertible {
    /// The directory or a file in it cannot be made, read or written.
    case unusable(path: String, reason: String)
    /// Another process has it open.
    case inUse(path: String, owner: String)
    /// It contains something else than a Needletail store.
    case foreign(path: String, found: String)
    /// It was written by a later version.
    case newerFormat(path: String, found: UInt32, known: UInt32)
    /// What is stored contradicts itself.
    case damaged(path: String, what: String)
    /// A secret is sealed under a key that is not given.
    case sealed(path: String, what: String)
    case database(LMDBError)

    public var description: String {
        switch self {
        case .unusable(let path, let reason):
            "data directory \(path): \(reason); give --data a directory that this user may write"
        case .inUse(let path, let owner):
            "data directory \(path) is in use by \(owner); stop that process or give another --data"
        case .foreign(let path, let found):
            "data directory \(path) is not a Needletail store: \(found); give --data an empty directory"
        case .newerFormat(let path, let found, let known):
            "data directory \(path) has format \(found), this program knows up to \(known); start the newer version"
        case .damaged(let path, let what):
            "data directory \(path) is damaged: \(what); restore a copy, or start with an empty directory"
        case .sealed(let path, let what): "data directory \(path): \(what)"
        case .database(let error):
            "data directory: \(error)"
        }
    }
}
