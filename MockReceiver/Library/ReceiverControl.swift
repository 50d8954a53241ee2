import NIOConcurrencyHelpers
import WebhookModel

/// The operations on a running receiver, used by the Swift API and by the admin port.
final class ReceiverControl: Sendable {
    let shared: SharedCore
    private let nextToken = NIOLockedValueBox(0)
    private let known: NIOLockedValueBox<BehaviourProgram>
    private let stopping = NIOLockedValueBox(false)
    let configuration: ReceiverConfiguration
    /// PEM; nil: there is no HTTPS port.
    let authorityCertificate: String?

    init(_ shared: SharedCore, _ configuration: ReceiverConfiguration, authorityCertificate: String?) {
        self.authorityCertificate = authorityCertificate
        self.shared = shared
        self.configuration = configuration
        known = NIOLockedValueBox(configuration.program)
    }

    /// Whether waits have been ended permanently.
    var isStopping: Bool { stopping.withLockedValue { $0 } }

    func stats() -> ReceiverStats { shared.withCore { $0.stats } }
    func endpoints() -> [EndpointStats] { shared.withCore { $0.endpointStats } }
    func accounts() -> MessageAccounts { shared.withCore { $0.snapshot } }
    func account(of id: EventID, path: String) -> MessageAccount? { shared.withCore { $0.account(of: id, path: path) } }
    func accounts(of id: EventID) -> [(path: String, account: MessageAccount)] {
        shared.withCore { $0.accounts(of: id) }
    }
    func journal() -> [JournalEntry] { shared.withCore { $0.journal.entries } }

    /// The journal, newest first, and the counters of the same moment.
    func moment() -> (entries: [JournalEntry], stats: ReceiverStats) {
        shared.withCore { ($0.journal.entries, $0.stats) }
    }

    /// The latest program, with the secrets that stayed.
    func program() -> BehaviourProgram { known.withLockedValue { $0 } }

    func replace(_ program: BehaviourProgram) {
        known.withLockedValue { known in
            let secrets = program.secrets ?? known.secrets
            known = program
            known.secrets = secrets
            // Rendered before the lock is taken, so that requests do not wait for it.
            let compiled = CompiledProgram(known)
            let now = WallClock.now()
            shared.withCore { $0.replace(compiled, now: now) }
        }
        shared.programChanged()
    }

    func strikeNext(_ count: Int, of pattern: PathPattern, with reply: Behaviour.Reply) -> Bool {
        let rendered = RenderedReply(reply)
        return shared.withCore { $0.strikeNext(count, of: pattern, with: rendered) }
    }

    func reset() {
        let now = WallClock.now()
        shared.withCore { $0.reset(now: now) }
        shared.programChanged()
    }

    func wait(for condition: ReceiverCondition, timeout: Duration) async -> Bool {
        await wait(for: .counters(condition), timeout: timeout).isMet
    }

    func wait(for aim: WaitList.Aim, timeout: Duration) async -> WaitList.End {
        let token = nextToken.withLockedValue { token in
            token += 1
            return token
        }
        let clock = Task {
            try await Task.sleep(for: timeout)
            // Repeated until the wait is known: with a short time it may not be known yet.
            while true {
                self.give(up: token)
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        defer { clock.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let wait = WaitList.Wait(token: token, aim: aim) { continuation.resume(returning: $0) }
                if let late = shared.withCore({ $0.add(wait) }) {
                    late.resume(false)
                } else if Task.isCancelled {
                    // Cancelled before the wait was known.
                    give(up: token)
                }
            }
        } onCancel: {
            give(up: token)
        }
    }

    /// Ends every wait with false, also future ones.
    func endWaits() {
        stopping.withLockedValue { $0 = true }
        for wait in shared.withCore({ $0.closeWaits() }) { wait.resume(false) }
    }

    private func give(up token: Int) {
        shared.withCore { $0.removeWait(token) }?.resume(false)
    }
}
