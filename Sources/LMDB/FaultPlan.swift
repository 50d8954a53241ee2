import Glibc

/// Faults that a test plants in the disk: the seam between real LMDB and the simulator.
///
/// Read in the one function that begins a commit. Production has none.
public final class FaultPlan: @unchecked Sendable {
    // Unchecked: every access is under the mutex.
    private var mutex = pthread_mutex_t()
    private var commits = 0
    private var planned: [Int: CInt] = [:]
    private var standing: CInt?

    public init() { pthread_mutex_init(&mutex, nil) }

    deinit { pthread_mutex_destroy(&mutex) }

    /// The commit with this index (from 0) answers `code` and stores nothing.
    public func failCommit(at index: Int, with code: CInt) { locked { planned[index] = code } }

    /// Every commit answers `code` from now on; nil ends it.
    public func failCommits(with code: CInt?) { locked { standing = code } }

    /// Commits seen so far.
    public var commitCount: Int { locked { commits } }

    func nextCommitCode() -> CInt {
        locked {
            defer { commits += 1 }
            return planned[commits] ?? standing ?? 0
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        return body()
    }
}
