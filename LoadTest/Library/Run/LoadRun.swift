import IngestClient
import MockReceiver
import NIOCore
import WebhookModel

/// One run: start receiver and generator, the load, the drain, the reconciliation, the report.
package final class LoadRun: Sendable {
    private let plan: RunPlan
    private let scope = RunScope()
    private static let tick = Duration.milliseconds(50)
    /// Seconds that events in flight get after an interruption.
    private static let interruptedDrain = 2.0

    package init(plan: RunPlan) { self.plan = plan }

    /// Ends the load early; `run` then drains for a short time and returns its report. Callable from any thread, also a
    /// signal handler's.
    package func interrupt() { scope.interrupt() }

    private var isInterrupted: Bool { scope.isInterrupted }

    /// - Throws: a `LoadTestError` or an `IngestError` if nothing could be measured.
    package func run(view: inout LiveView) async throws -> Report {
        let receiver = try await ReceiverSide.start(
            plan.receiver, expectedMessages: plan.expectedEvents, seed: plan.seed)
        return try await scope.run {
            try await run(against: receiver, view: &view)
        } stop: { _ in
            await receiver.stop()
        }
    }

    private func run(against receiver: ReceiverSide, view: inout LiveView) async throws -> Report {
        let identity = RunIdentity(startMilliseconds: WallClock.now() / 1_000_000, seed: plan.seed)
        let generator = Generator(
            eventLoop: scope.eventLoop, pace: plan.pace, workload: plan.workload, identity: identity, batch: plan.batch,
            duration: Int64(plan.seconds * 1e9), warmup: Int64(plan.warmupSeconds * 1e9),
            deliveredCount: receiver.acceptedCount)
        let terms = try await generator.connect(plan)
        view.say("connected to \(plan.server.address) (\(terms.server)); receiver: \(receiver.name)")

        var costs = RunCosts(plan: plan)
        let before = try await receiver.counts()
        // Slightly in the future, so that the first arrival is no later than the others. A closed loop has no arrival
        // times.
        let startWall = WallClock.now() + (plan.isClosedLoop ? 0 : 20_000_000)
        try await generator.eventLoop.submit { generator.start(at: startWall) }.get()

        var observer = RunObserver(
            plan: plan, generator: generator, receiver: receiver, before: before, startWall: startWall,
            identity: identity)
        try await load(&observer, &costs, view: &view)
        let drainStart = WallClock.now()
        let outcome = try await drain(&observer, view: &view)
        view.finish()
        costs.finish(generatorCPU: outcome.generator.cpu)

        let builder = ReportBuilder(
            plan: plan, receiver: receiver, terms: terms, startWall: startWall, drainStart: drainStart, costs: costs)
        return builder.build(outcome, interrupted: isInterrupted)
    }

    // MARK: Load and drain

    private func load(_ observer: inout RunObserver, _ costs: inout RunCosts, view: inout LiveView) async throws {
        let deadline = plan.seconds + plan.drainSeconds
        while !isInterrupted, observer.elapsed < deadline {
            let snapshot = try await observer.look()
            costs.dispatcher.look(at: observer.elapsed)
            // If the server permanently refuses the workload, the run ends early.
            if snapshot.isLoadDone || snapshot.refused > 0 && snapshot.stored == 0 { return }
            try await observer.show(.load, since: 0, of: plan.seconds, view: &view)
            try await Task.sleep(for: LoadRun.tick)
        }
    }

    /// Waits until everything stored has been accepted, or the time is over, and compares the ledger with the
    /// receiver's accounts.
    private func drain(_ observer: inout RunObserver, view: inout LiveView) async throws -> RunOutcome {
        let begun = observer.elapsed
        var snapshot = try await observer.look()
        // No arrivals any more; answers and deliveries continue.
        if isInterrupted || !snapshot.isLoadDone { try await observer.stopGenerator() }
        var wanted: Int?
        while true {
            let limit = isInterrupted ? min(plan.drainSeconds, LoadRun.interruptedDrain) : plan.drainSeconds
            let isOver = observer.elapsed - begun >= limit
            snapshot = try await observer.look()
            let isAnswered = snapshot.sent == snapshot.answered || snapshot.openConnections == 0
            let hasArrived = observer.delivered >= wanted ?? snapshot.deliverable
            if isOver || isAnswered && (hasArrived || !observer.receiver.isReceiving) {
                let outcome = try await observer.reconcile(drainSeconds: observer.elapsed - begun)
                let left = outcome.findings.missing + outcome.findings.unaccepted
                if isOver || left == 0 || !observer.receiver.isExact { return outcome }
                // Messages of other runs were counted, so wait for this many more.
                wanted = observer.delivered + left
            }
            try await observer.show(.drain, since: begun, of: limit, view: &view)
            try await Task.sleep(for: LoadRun.tick)
        }
    }
}
