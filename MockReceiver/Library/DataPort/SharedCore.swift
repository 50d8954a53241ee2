import NIOConcurrencyHelpers

/// The core behind its lock. Resumes callers whose condition a request made true.
final class SharedCore: Sendable {
    private let core: NIOLockedValueBox<ReceiverCore>
    private let programChange = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)

    init(_ core: consuming ReceiverCore) { self.core = NIOLockedValueBox(core) }

    /// Runs `body` with exclusive access to the core; then, outside the lock, resumes the waits that are satisfied.
    func withCore<Result>(_ body: (inout ReceiverCore) -> Result) -> Result {
        let (result, satisfied) = core.withLockedValue { core in
            let result = body(&core)
            return (result, core.takeSatisfied())
        }
        for wait in satisfied { wait.resume(true) }
        return result
    }

    /// Called when another program is in force, or when the program starts again.
    func onProgramChange(_ body: @escaping @Sendable () -> Void) { programChange.withLockedValue { $0 = body } }

    func programChanged() { programChange.withLockedValue { $0 }?() }
}
