import NIOConcurrencyHelpers

/// The core behind its lock, and the resuming of those who wait for what a request made true.
final class SharedCore: Sendable {
    private let core: NIOLockedValueBox<ReceiverCore>
    private let programChange = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)

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

    /// Who is told that another program is in force, or that it begins anew.
    func onProgramChange(_ body: @escaping @Sendable () -> Void) { programChange.withLockedValue { $0 = body } }

    func programChanged() { programChange.withLockedValue { $0 }?() }
}
