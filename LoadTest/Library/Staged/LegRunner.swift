import NIOCore

/// A finished leg, with what its reconciliation at the end needs.
package struct Leg: Sendable {
    let name: String
    let terms: ServerTerms
    var observer: RunObserver
    /// When its load was over, wall nanoseconds.
    let loadEnd: Int64
    /// CPU time of the generator's thread until then.
    let generatorCPU: Int64

    var plan: RunPlan { observer.plan }
    var startWall: Int64 { observer.startWall }
    /// Seconds of load.
    var seconds: Double { Double(loadEnd - startWall) / 1e9 }
}

/// A leg and the results of its events.
package struct LegResult: Sendable {
    let leg: Leg
    var outcome: RunOutcome

    /// Latencies and counts of one of its groups.
    func book(_ name: String) -> GroupBooks.Book? { outcome.groups.first { $0.group.name == name } }
}

/// Runs the legs of a staged run one after the other, against one receiver and one dispatcher. Each leg has its own
/// events, ids and ledger, so events that are late in one leg never count in another.
package struct LegRunner: Sendable {
    let receiver: EmbeddedReceiver
    let isInterrupted: @Sendable () -> Bool
    var legs: [Leg] = []
    private var costs: RunCosts
    private let base: RunPlan
    private let eventLoop: any EventLoop
    private let begun = WallClock.now()

    private static let tick = Duration.milliseconds(50)
    private static let settleTick = Duration.milliseconds(250)
    /// Seconds without an arrival after which missing events are no longer expected.
    private static let quietSeconds = 5.0
    /// Seconds that events in flight get after an interruption.
    private static let interruptedDrain = 2.0

    init(
        _ base: RunPlan, receiver: EmbeddedReceiver, eventLoop: any EventLoop,
        isInterrupted: @escaping @Sendable () -> Bool
    ) {
        self.base = base
        self.receiver = receiver
        self.eventLoop = eventLoop
        self.isInterrupted = isInterrupted
        costs = RunCosts(plan: base)
    }

    /// Runs a load until its time is over, or until `isOver` says so, and until its events are answered.
    mutating func run(
        _ name: String, _ plan: RunPlan, view: inout LiveView, isOver: @Sendable () -> Bool = { false }
    ) async throws {
        guard !isInterrupted() else { return }
        let identity = RunIdentity(startMilliseconds: WallClock.now() / 1_000_000, seed: plan.seed)
        let generator = Generator(
            eventLoop: eventLoop, pace: plan.pace, workload: plan.workload, identity: identity, batch: plan.batch,
            duration: Int64(plan.seconds * 1e9), warmup: Int64(plan.warmupSeconds * 1e9))
        let terms = try await generator.connect(plan)
        view.say("== \(name): \(Figures.grouped(Int(plan.rate)))/s for \(Figures.fixed(plan.seconds, 0)) s at most")
        // Slightly in the future, so that the first arrival is no later than the others.
        let startWall = WallClock.now() + 20_000_000
        try await eventLoop.submit { generator.start(at: startWall) }.get()
        var observer = RunObserver(
            plan: plan, generator: generator, receiver: .embedded(receiver), before: receiver.counts,
            startWall: startWall, identity: identity)
        try await load(&observer, view: &view, isOver: isOver)
        let loadEnd = WallClock.now()
        let cpu = try await answers(&observer).cpu
        try await eventLoop.submit { generator.closeConnections() }.get()
        legs.append(Leg(name: name, terms: terms, observer: observer, loadEnd: loadEnd, generatorCPU: cpu))
    }

    private mutating func load(
        _ observer: inout RunObserver, view: inout LiveView, isOver: @Sendable () -> Bool
    ) async throws {
        let deadline = observer.plan.seconds + observer.plan.drainSeconds
        while !isInterrupted(), observer.elapsed < deadline, !isOver() {
            let snapshot = try await observer.look()
            costs.dispatcher.look(at: Double(WallClock.now() - begun) / 1e9)
            // If the server permanently refuses the workload, the leg ends early.
            if snapshot.isLoadDone || snapshot.refused > 0 && snapshot.stored == 0 { break }
            try await observer.show(.load, since: 0, of: observer.plan.seconds, view: &view)
            try await Task.sleep(for: LegRunner.tick)
        }
        let generator = observer.generator
        try await eventLoop.submit { generator.endArrivals() }.get()
    }

    /// Waits until the sent events have been answered, at most for the time of a drain.
    private func answers(_ observer: inout RunObserver) async throws -> GeneratorSnapshot {
        let deadline = observer.elapsed + observer.plan.drainSeconds
        var snapshot = try await observer.look()
        while snapshot.due > snapshot.answered, snapshot.openConnections > 0, observer.elapsed < deadline {
            try await Task.sleep(for: LegRunner.tick)
            snapshot = try await observer.look()
        }
        try await observer.stopGenerator()
        return snapshot
    }

    /// Compares the ledger of each leg with the receiver's accounts, repeatedly, until everything expected has come or
    /// the time of the drain is over.
    mutating func settle(view: inout LiveView) async throws -> [LegResult] {
        let begun = WallClock.now()
        var least = Int.max
        var latestArrival = begun
        while true {
            let now = WallClock.now()
            let waited = Double(now - begun) / 1e9
            var results: [LegResult] = []
            for index in legs.indices {
                let outcome = try await legs[index].observer.reconcile(drainSeconds: waited)
                results.append(LegResult(leg: legs[index], outcome: outcome))
            }
            let left = results.reduce(0) { $0 + $1.outcome.findings.missing + $1.outcome.findings.unaccepted }
            if left < least { (least, latestArrival) = (left, now) }
            let limit = isInterrupted() ? min(base.drainSeconds, LegRunner.interruptedDrain) : base.drainSeconds
            if left == 0 || waited >= limit {
                let quiet = min(LegRunner.quietSeconds, base.drainSeconds / 2)
                let isSettled = left == 0 || Double(now - latestArrival) / 1e9 >= quiet
                for index in results.indices { results[index].outcome.isSettled = isSettled }
                return results
            }
            costs.dispatcher.look(at: Double(now - self.begun) / 1e9)
            view.say("waiting for \(Figures.grouped(left)) events")
            try await Task.sleep(for: LegRunner.settleTick)
        }
    }

    /// The costs until now.
    var finishedCosts: RunCosts {
        var costs = costs
        costs.finish(generatorCPU: legs.reduce(0) { $0 + $1.generatorCPU })
        return costs
    }
}
