import NIOConcurrencyHelpers

/// The core behind its lock, and the resuming of those who wait for what a request made true.
final class SharedCore: Sendable {
    private let core: NIOLockedValueBox<ReceiverCore>

    init(_ core: consuming ReceiverCore) { self.core = NIOLockedValueBox(core) }

    /// Runs `body` alone with the core; then, outside the lock, resumes the waits that are satisfied.
    func withCore<Result>(_ body: (inout ReceiverCore) -> Result) -> Result {
        let (result, satisfied) = core.withLockedValue { core in
            let result = body(&core)
            return (result, core.takeSatisfied())
        }
        for wait in satisfied { wait.resume(true) }
        return result
    }
}
