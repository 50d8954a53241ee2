import MockReceiver
import NIOCore
import WebhookModel
import WireProtocol

/// What a server announced in its WELCOME, for the report.
package struct ServerTerms: Sendable {
    package var server: String
    package var durability: String

    init(_ welcome: Welcome) {
        server = "\(welcome.serverID) \(welcome.serverVersion)"
        durability =
            switch welcome.durability {
            case .synced: "fdatasync"
            case .written: "written"
            case .none: "none"
            }
    }
}

/// Everything that a run ended with.
package struct RunOutcome: Sendable {
    package var generator: GeneratorSnapshot
    package var findings: Findings
    package var firstReceipt = StageLatencies()
    package var endToEnd = StageLatencies()
    /// By group of tenants.
    package var groups: [GroupBooks.Book] = []
    /// Counted since the run began.
    package var receiver: ReceiverCounts
    package var unsent = 0
    /// The receiver got nothing new for a while, so missing messages will not come.
    package var isSettled = true
    package var drainSeconds = 0.0
}

/// Reads both ends of a run in progress, and compares them at its end.
struct RunObserver {
    /// A leg's warm-up may be determined only after it has run.
    var plan: RunPlan
    let generator: Generator
    let receiver: ReceiverSide
    /// The receiver's counts before the run.
    let before: ReceiverCounts
    let startWall: Int64
    let identity: RunIdentity
    private var snapshot = GeneratorSnapshot()
    private var counts: ReceiverCounts
    private var lastShown = -Double.infinity
    private var lastArrival: Int64
    private var sampledAccounts = 0

    /// Seconds without a request after which nothing more is expected.
    private static let quietSeconds = 5.0
    /// Number of arrivals sampled for the live view.
    private static let sample = 256

    init(
        plan: RunPlan, generator: Generator, receiver: ReceiverSide, before: ReceiverCounts, startWall: Int64,
        identity: RunIdentity
    ) {
        self.plan = plan
        self.generator = generator
        self.receiver = receiver
        self.before = before
        self.startWall = startWall
        self.identity = identity
        counts = before
        lastArrival = startWall
    }

    /// Seconds since the start of the load.
    var elapsed: Double { Double(WallClock.now() - startWall) / 1e9 }

    /// Messages accepted since the run began.
    var delivered: Int { counts.accepted - before.accepted }

    /// Reads both ends.
    mutating func look() async throws -> GeneratorSnapshot {
        let generator = generator
        snapshot = try await generator.eventLoop.submit { generator.counts }.get()
        let now = try await receiver.counts()
        if now.requests != counts.requests { lastArrival = WallClock.now() }
        counts = now
        return snapshot
    }

    private func snapshotWithLatencies() async throws -> GeneratorSnapshot {
        let generator = generator
        return try await generator.eventLoop.submit { generator.snapshot }.get()
    }

    func stopGenerator() async throws {
        let generator = generator
        try await generator.eventLoop.submit { generator.stop() }.get()
    }

    /// Shows the run, at most once a second.
    mutating func show(_ phase: RunProgress.Phase, since begun: Double, of total: Double, view: inout LiveView)
        async throws
    {
        guard elapsed >= 0, elapsed - lastShown >= 1 else { return }
        lastShown = max(elapsed.rounded(.down), lastShown + 1)
        snapshot = try await snapshotWithLatencies()
        var progress = RunProgress()
        progress.phase = phase
        progress.seconds = elapsed
        progress.phaseSeconds = elapsed - begun
        progress.totalSeconds = total
        progress.generator = snapshot
        if receiver.isReceiving {
            progress.delivered = delivered
            progress.failuresInjected = counts.failures - before.failures
            progress.endToEnd = try await latestArrivals()
        }
        view.show(progress)
    }

    /// End-to-end latency of a sample of the messages that arrived since the last call.
    private mutating func latestArrivals() async throws -> StageLatencies? {
        guard let accounts = receiver.accounts() else { return nil }
        let fresh = accounts.suffix(min(RunObserver.sample, accounts.count - min(sampledAccounts, accounts.count)))
        sampledAccounts = accounts.count
        let identity = identity
        let arrivals = fresh.compactMap { account in
            account.firstAccepted == 0 ? nil : identity.sequence(of: account.id).map { ($0, account.firstAccepted) }
        }
        let generator = generator
        return try await generator.eventLoop.submit { generator.latencies(of: arrivals) }.get()
    }

    /// Takes the ledger and compares it with the receiver's accounts.
    mutating func reconcile(drainSeconds: Double) async throws -> RunOutcome {
        let generator = generator
        let ledger = try await generator.eventLoop.submit { generator.ledgerCopy }.get()
        _ = try await look()
        snapshot = try await snapshotWithLatencies()
        var outcome = RunOutcome(generator: snapshot, findings: Findings(), receiver: counts.since(before))
        outcome.unsent = snapshot.due - snapshot.sent
        outcome.isSettled =
            Double(WallClock.now() - lastArrival) / 1e9 >= min(RunObserver.quietSeconds, plan.drainSeconds / 2)
        outcome.drainSeconds = drainSeconds
        guard let accounts = receiver.accounts() else {
            outcome.findings.deliverable = snapshot.deliverable
            return outcome
        }
        let hash = PayloadHash(workload: plan.workload, identity: identity)
        var reconciliation = Reconciliation(
            ledger: ledger, identity: identity, startWall: startWall, measuredFrom: Int64(plan.warmupSeconds * 1e9),
            groups: GroupBooks(plan.workload), bodyHash: { hash.of($0) })
        for account in accounts { reconciliation.take(Reception(account)) }
        outcome.firstReceipt = reconciliation.firstReceipt
        outcome.endToEnd = reconciliation.endToEnd
        outcome.findings = reconciliation.finish()
        outcome.groups = reconciliation.groups.books
        return outcome
    }
}
