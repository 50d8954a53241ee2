import Glibc

/// A value behind a pthread mutex.
///
/// The only lock of the rooms that import this one, and not `Synchronization.Mutex`, on which ThreadSanitizer reports
/// false races (Swift 6.3.1). Critical sections are short and perform no I/O. Rooms without this import also lock with
/// pthread's mutex: `FaultPlan` in LMDB with its own, IngestClient and MockReceiver with NIO's `NIOLockedValueBox`.
public final class Locked<Value>: @unchecked Sendable {
    // Unchecked: `value` is reached only between lock and unlock.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    public init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let code = pthread_mutex_init(mutex, nil)
        precondition(code == 0, "pthread_mutex_init: \(code)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` alone with the value. Not reentrant.
    @inlinable
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock()
        defer { unlock() }
        return try body(&self[])
    }

    @usableFromInline func lock() { pthread_mutex_lock(mutex) }
    @usableFromInline func unlock() { pthread_mutex_unlock(mutex) }
    @usableFromInline subscript() -> Value {
        _read { yield value }
        _modify { yield &value }
    }
}
