import NIOConcurrencyHelpers
import WebhookModel

/// What may be asked of a receiver and changed in it while it runs: the one set of operations under the Swift API and the admin port.
final class ReceiverControl: Sendable {
    private let shared: SharedCore
    private let nextToken = NIOLockedValueBox(0)

    init(_ shared: SharedCore) { self.shared = shared }

    func stats() -> ReceiverStats { shared.withCore { $0.stats } }
    func endpoints() -> [EndpointStats] { shared.withCore { $0.endpointStats } }
    func accounts() -> MessageAccounts { shared.withCore { $0.snapshot } }
    func account(of id: EventID, path: String) -> MessageAccount? { shared.withCore { $0.account(of: id, path: path) } }
    func accounts(of id: EventID) -> [(path: String, account: MessageAccount)] { shared.withCore { $0.accounts(of: id) } }
    func journal() -> [JournalEntry] { shared.withCore { $0.journal.entries } }
    func replace(_ program: BehaviourProgram) { shared.withCore { $0.replace(program) } }

    func reset() {
        let now = WallClock.now()
        shared.withCore { $0.reset(now: now) }
    }

    func wait(for condition: ReceiverCondition, timeout: Duration) async -> Bool {
        let token = nextToken.withLockedValue { token in
            token += 1
            return token
        }
        let clock = Task {
            try await Task.sleep(for: timeout)
            self.give(up: token)
        }
        defer { clock.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let wait = WaitList.Wait(token: token, condition: condition) { continuation.resume(returning: $0) }
                if !shared.withCore({ $0.add(wait) }) {
                    wait.resume(false)
                } else if Task.isCancelled {
                    // Cancelled before the wait was known.
                    give(up: token)
                }
            }
        } onCancel: {
            give(up: token)
        }
    }

    /// Ends every wait with false, those to come too.
    func endWaits() {
        for wait in shared.withCore({ $0.closeWaits() }) { wait.resume(false) }
    }

    private func give(up token: Int) {
        shared.withCore { $0.removeWait(token) }?.resume(false)
    }
}
