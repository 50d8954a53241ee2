import LMDB

/// Why a snapshot could not be read.
public enum StoreReadError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The store does not work until the process starts again: a commit failed in a way that left its result unknown.
    case unavailable(String)
    /// As many snapshots are open as the store allows: try again.
    case tooManyReaders
    /// A page of the data file is damaged. Other queries may still work.
    case damaged(String)
    /// The cursor does not belong to this list.
    case invalidCursor
    /// A secret is sealed under a key that is not given.
    case sealed(String)

    init(_ error: LMDBError) {
        if error.isReadersFull {
            self = .tooManyReaders
        } else if error.isCorruption || error.isEndedTransaction {
            self = .damaged(error.description)
        } else {
            self = .unavailable(error.description)
        }
    }

    public var description: String {
        switch self {
        case .unavailable(let reason): "the store cannot be read: \(reason)"
        case .tooManyReaders: "the store is read by too many at one time; try again"
        case .damaged(let what): "the store is damaged: \(what)"
        case .invalidCursor: "invalid cursor; expected the `next` of an earlier page of the same list"
        case .sealed(let what): "the store has a sealed row: \(what)"
        }
    }
}
