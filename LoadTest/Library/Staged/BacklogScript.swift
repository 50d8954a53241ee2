import MockReceiver

/// A backlog behind receivers that are down: its effect on others while it waits and drains, and how fast it drains.
///
/// Legs: `baseline`, the live tenants alone; `fill`, events for the backlog's tenants while their receivers are down;
/// `waiting`, the live tenants while the backlog waits; `drain`, the receivers are back and the live tenants continue
/// until the backlog is delivered.
package struct BacklogScript: StagedScript {
    package var run: RunPlan
    /// The number of tenants, from the first, that have the backlog; the others are live.
    package var backlogTenants = 10
    package var events = 1_000_000
    package var fillRate = 20_000.0
    package var baselineSeconds = 30.0
    package var waitingSeconds = 30.0
    /// How the backlog's receivers fail.
    package var outage = Outage.status(503)
    /// False: the run ends while the backlog waits.
    package var drains = true
    package var drainLimitSeconds = 300.0
    /// Limits: live p99 beside the backlog relative to the baseline's, drained events per second, and live p95 in
    /// milliseconds during the drain.
    package var mostRatio = 2.0
    package var leastDrainRate = 15_000.0
    package var mostLiveP95 = 100.0

    package let mode = "backlog"
    package var judgedLeg: String { drains ? "drain" : "waiting" }
    private var drain: DrainWindow?

    package init(run: RunPlan) { self.run = run }

    private var backlog: Range<Int> { 0..<backlogTenants }
    private var live: Range<Int> { backlogTenants..<run.workload.tenants }

    package var expectedEvents: Int {
        let seconds = baselineSeconds + waitingSeconds + (drains ? drainLimitSeconds : 0)
        return events + Int(run.rate * seconds) + 10_000
    }

    package func mistakes() -> [String] {
        var mistakes = sharedMistakes
        func check(_ isRight: Bool, _ text: @autoclosure () -> String) { if !isRight { mistakes.append(text()) } }
        check(
            backlogTenants > 0 && backlogTenants < run.workload.tenants,
            "--backlog-tenants: invalid value \"\(backlogTenants)\"; expected 1 or more, and fewer than --tenants (\(run.workload.tenants)): the others are live"
        )
        check((1...100_000_000).contains(events), "--events: invalid value \"\(events)\"; expected 1 to 100,000,000")
        check(
            fillRate > 0 && fillRate <= 5_000_000,
            "--fill-rate: invalid value \"\(fillRate)\"; expected 1 to 5,000,000 events a second")
        check(baselineSeconds > 0, "--baseline-seconds: invalid value \"\(baselineSeconds)\"; expected a time above 0")
        check(waitingSeconds > 0, "--waiting-seconds: invalid value \"\(waitingSeconds)\"; expected a time above 0")
        check(drainLimitSeconds > 0, "--drain-limit: invalid value \"\(drainLimitSeconds)\"; expected a time above 0")
        return mistakes
    }

    // MARK: The legs

    package mutating func play(_ runner: inout LegRunner, view: inout LiveView) async throws {
        try await runner.run("baseline", livePlan(baselineSeconds), view: &view)
        let paths = backlog.map(run.workload.path)
        runner.receiver.set(outage, at: paths)
        try await runner.run("fill", fillPlan, view: &view)
        try await runner.run("waiting", livePlan(waitingSeconds), view: &view)
        guard drains, !runner.isInterrupted() else { return }
        try await playDrain(&runner, paths: Set(paths), view: &view)
    }

    private mutating func playDrain(_ runner: inout LegRunner, paths: Set<String>, view: inout LiveView) async throws {
        let filling = runner.legs[1].observer
        let wanted = try await runner.legs[1].observer.look().deliverable
        let receiver = runner.receiver
        let returned = WallClock.now()
        receiver.set(nil, at: [])
        var plan = livePlan(drainLimitSeconds)
        plan.warmupSeconds = 0
        try await runner.run("drain", plan, view: &view) { receiver.accepted(at: paths) >= wanted }

        let arrivals = receiver.accounts.lazy.filter { filling.identity.sequence(of: $0.id) != nil }.map(
            \.firstAccepted)
        drain = DrainWindow(arrivals, returned: returned)
        // Live latency counts from the first delivery of the backlog. Until then its endpoints are still paused.
        if let drain, let last = runner.legs.indices.last {
            runner.legs[last].observer.plan.warmupSeconds = Double(drain.first - runner.legs[last].startWall) / 1e9
        }
    }

    private func livePlan(_ seconds: Double) -> RunPlan {
        var plan = run
        plan.seconds = seconds
        plan.warmupSeconds = warmup(of: seconds)
        plan.workload.mix = TenantMix([(live, 1)])
        plan.workload.groups = [TenantGroup("live", live)]
        return plan
    }

    private var fillPlan: RunPlan {
        var plan = run
        plan.arrivals = .constant
        plan.rate = fillRate
        plan.seconds = Double(events) / fillRate
        plan.warmupSeconds = 0
        plan.isMeasured = false
        plan.workload.mix = TenantMix([(backlog, 1)])
        plan.workload.groups = [TenantGroup("backlog", backlog, isAnswered: drains)]
        return plan
    }

    // MARK: The figures

    package func figures(of legs: [LegResult]) -> [FigureVerdict] {
        func live(_ leg: String) -> Quantiles? {
            legs.first { $0.leg.name == leg }?.book("live")?.endToEnd.quantiles
        }
        var figures: [FigureVerdict] = []
        if let baseline = live("baseline"), let waiting = live("waiting") {
            figures.append(
                FigureVerdict(
                    "live p99 beside the backlog", waiting.p99, unit: "ms", baseline: baseline.p99, mostRatio: mostRatio
                ))
        }
        if let draining = live("drain") {
            figures.append(
                FigureVerdict("drained", drain?.perSecond ?? 0, unit: "events/s", .atLeast, leastDrainRate))
            figures.append(FigureVerdict("live p95 while draining", draining.p95, unit: "ms", .atMost, mostLiveP95))
        }
        return figures
    }

    package func complete(_ report: inout Report) {
        report.drain = drain.map {
            DrainReport(events: $0.count, waitedSeconds: $0.waited, seconds: $0.seconds, perSecond: $0.perSecond)
        }
    }
}

/// When a backlog was delivered: from the first of its events that was accepted after the receivers returned, to the
/// last.
package struct DrainWindow: Sendable, Equatable {
    package let count: Int
    /// Wall nanoseconds.
    package let first: Int64
    package let last: Int64
    private let returned: Int64

    /// - Parameters:
    ///   - arrivals: when each event was first accepted, wall nanoseconds; 0: never.
    ///   - returned: when the receivers returned.
    /// - Returns: nil: nothing came since then.
    package init?(_ arrivals: some Sequence<Int64>, returned: Int64) {
        var (count, first, last) = (0, Int64.max, Int64.min)
        for arrival in arrivals where arrival >= returned {
            count += 1
            first = min(first, arrival)
            last = max(last, arrival)
        }
        guard count > 0 else { return nil }
        (self.count, self.first, self.last, self.returned) = (count, first, last, returned)
    }

    /// Seconds from the return to the first event: endpoints that failed are paused for a while.
    package var waited: Double { Double(first - returned) / 1e9 }
    package var seconds: Double { Double(last - first) / 1e9 }
    package var perSecond: Double { Double(count) / max(seconds, 0.001) }
}
