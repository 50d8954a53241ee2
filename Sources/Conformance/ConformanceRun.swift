import Threading
import WebhookModel
import WireProtocol

/// Runs checks against one server: the quick ones one after another, the slow ones in parallel, the last ones at the
/// end.
///
/// Thread model: a thread for the quick checks and one for each slow check. `run` blocks its caller until all have
/// ended.
public struct ConformanceRun: Sendable {
    public enum Progress: Sendable {
        case began(Check)
        case ended(CheckResult)
    }

    public let subject: Subject
    public let checks: [Check]

    public init(subject: Subject, checks: [Check] = Catalogue.checks) {
        self.subject = subject
        self.checks = checks
    }

    /// Runs all checks.
    ///
    /// - Parameter observe: called from any thread, one call at a time.
    /// - Returns: the results in the order of `checks`.
    public func run(observe: @escaping @Sendable (Progress) -> Void = { _ in }) -> Report {
        let began = ContinuousClock.now
        let book = Locked<[String: CheckResult]>([:])
        let stage = Stage(subject: subject)
        let perform: @Sendable (Check) -> Void = { check in
            book.withLock { _ in observe(.began(check)) }
            let result = check.performed(on: stage)
            book.withLock { book in
                book[check.id] = result
                observe(.ended(result))
            }
        }
        var threads = checks.filter { $0.pace == .slow }.map { check in
            WorkerThread(name: "slow-check") { perform(check) }
        }
        let quick = checks.filter { $0.pace == .quick }
        threads.append(WorkerThread(name: "quick-checks") { quick.forEach(perform) })
        for thread in threads { thread.join() }
        checks.filter { $0.pace == .last }.forEach(perform)
        let results = book.withLock { book in checks.compactMap { book[$0.id] } }
        return Report(address: subject.address, results: results, duration: .now - began)
    }

    /// Checks whether the server can be tested at all: it is reachable, knows the key, and accepts an event of the
    /// tenant. A server that fails in another way is left to the checks.
    ///
    /// - Throws: `Unreachable`, or `UnsuitableServer` with the remedy.
    public func preflight() throws {
        let stage = Stage(subject: subject)
        let peer = try stage.connect()
        peer.send(Preface.bytes + stage.hello().bytes + stage.publish(2).bytes)
        guard peer.nextPreface() == nil else { return }
        while case .frame(let frame) = peer.next() {
            if frame.decoded(Close.self)?.status == .authFailed {
                throw UnsuitableServer(
                    description: "the server refuses the API key; expected a key that it knows (--key)")
            }
            guard let ack = frame.decoded(Ack.self) else { continue }
            if ack.count > 0, ack[0].status.statusClass != .stored {
                throw UnsuitableServer(
                    description: """
                        an event of tenant \(subject.tenant) is answered \(ack[0].status); expected a tenant that the key \
                        allows and that is below its limits (--tenant)
                        """)
            }
            return
        }
    }
}

/// The server or the settings do not allow any check. The description names the remedy.
public struct UnsuitableServer: Error, Equatable, CustomStringConvertible {
    public let description: String
}

extension Check {
    fileprivate func performed(on stage: Stage) -> CheckResult {
        let began = ContinuousClock.now
        let verdict: Verdict
        do {
            try body(stage)
            verdict = .passed
        } catch let deviation as Deviation {
            verdict = .failed(deviation)
        } catch let skipped as SkippedCheck {
            verdict = .skipped(skipped.reason)
        } catch {
            // No connection: the check fails for its first clause.
            verdict = .failed(
                Deviation(clause: clauses[0], expected: "a connection", actual: "\(error)", received: "", sent: ""))
        }
        return CheckResult(check: self, verdict: verdict, duration: .now - began)
    }
}
