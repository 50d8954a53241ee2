internal import CLMDB
import Glibc

/// Faults that a test plans for an environment: operations that fail with a code, and a process that ends around a
/// commit.
///
/// LMDB itself stays real. The plan is asked before each read, put, delete and commit, and when a transaction begins.
/// Production has no plan. A failed operation ends its transaction as in LMDB: every later call on it fails with
/// MDB_BAD_TXN.
///
/// After a planned end of the process every use of the environment fails with `LMDBError.processEnded`. A test then
/// drops everything that it holds in memory and opens the directory again, as a new process would.
public final class FaultPlan: @unchecked Sendable {
    /// What can fail. Each kind is counted for itself, from 0.
    public enum Operation: Int, CaseIterable, Sendable {
        /// A `get`, or a move of a cursor.
        case read
        /// A `put`, `reserve` or `claim`.
        case put
        /// A `delete`, by key or by cursor.
        case delete
        case commit
    }

    /// When the process ends: before the commit is durable, or after it is and before the caller is told.
    public enum End: Sendable { case before, after }

    // Unchecked: every access is under the mutex. It is a plain one, because this room imports no other, and it is
    // allocated, because its address must not change.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var counts = [Int](repeating: 0, count: Operation.allCases.count)
    private var planned = [[Int: CInt]](repeating: [:], count: Operation.allCases.count)
    private var standing = [CInt?](repeating: nil, count: Operation.allCases.count)
    private var plannedEnd: (moment: End, commit: Int)?
    private var ended = false
    /// Transactions that a planned fault ended.
    private var failed: Set<OpaquePointer> = []

    public init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let code = pthread_mutex_init(mutex, nil)
        precondition(code == 0, "pthread_mutex_init: \(code)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    // MARK: Planning

    /// The operation with this index among those of its kind fails with `code`. A commit stores nothing then.
    public func fail(_ operation: Operation, at index: Int, with code: CInt) {
        locked { planned[operation.rawValue][index] = code }
    }

    /// Every operation of this kind fails with `code` from now on; nil ends it.
    public func failAll(_ operation: Operation, with code: CInt?) { locked { standing[operation.rawValue] = code } }

    /// The commit with this index answers `code` and stores nothing.
    public func failCommit(at index: Int, with code: CInt) { fail(.commit, at: index, with: code) }

    /// Every commit answers `code` from now on; nil ends it.
    public func failCommits(with code: CInt?) { failAll(.commit, with: code) }

    /// The process ends around the commit with this index.
    public func endProcess(_ moment: End, commit index: Int) { locked { plannedEnd = (moment, index) } }

    // MARK: Looking

    /// Operations of a kind so far, those that failed included.
    public func count(of operation: Operation) -> Int { locked { counts[operation.rawValue] } }

    /// Commits so far.
    public var commitCount: Int { count(of: .commit) }

    /// Whether the planned end of the process was reached.
    public var hasEnded: Bool { locked { ended } }

    // MARK: Asked by transactions

    /// A transaction begins; its handle may be that of an earlier one.
    func begin(_ transaction: OpaquePointer? = nil) throws(LMDBError) {
        let ended = locked {
            if let transaction { failed.remove(transaction) }
            return self.ended
        }
        if ended { throw .processEnded }
    }

    /// Counts the operation, and throws what is planned for it.
    func check(_ operation: Operation, in transaction: OpaquePointer, _ name: @autoclosure () -> String)
        throws(LMDBError)
    {
        let code: CInt = locked {
            if ended { return LMDBError.processEnded.code }
            let index = counts[operation.rawValue]
            counts[operation.rawValue] += 1
            if failed.contains(transaction) { return MDB_BAD_TXN }
            guard let code = planned[operation.rawValue][index] ?? standing[operation.rawValue] else { return 0 }
            failed.insert(transaction)
            return code
        }
        switch code {
        case 0: return
        case LMDBError.processEnded.code: throw .processEnded
        default: throw LMDBError(code: code, operation: "\(name()) (planned fault)")
        }
    }

    /// Whether the process ends now, `moment` the commit that was counted last.
    func endsNow(_ moment: End) -> Bool {
        locked {
            guard let end = plannedEnd, end.moment == moment, end.commit == counts[Operation.commit.rawValue] - 1 else {
                return false
            }
            ended = true
            return true
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
