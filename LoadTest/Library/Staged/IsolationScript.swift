/// Black-holed endpoints and one hot tenant: their effect on the healthy tenants.
///
/// Two legs. `baseline`: every tenant has an equal share, every endpoint answers. `trouble`: the receiver becomes
/// silent at some endpoints, and one tenant sends many times its share; the others continue as before. It is measured
/// from the first moment, so it includes the time before breakers open.
package struct IsolationScript: StagedScript {
    package var run: RunPlan
    /// Percent of the tenants, and so of the endpoints, that are silent.
    package var blackHoledPercent = 10.0
    /// How many times its share the hot tenant sends. 1: there is no hot tenant.
    package var hotFactor = 10
    package var baselineSeconds = 30.0
    package var troubleSeconds = 60.0
    /// The greatest ratio of the healthy tenants' p99 during the disturbance to that of the baseline.
    package var mostRatio = 2.0

    package let mode = "isolation"
    package let judgedLeg = "trouble"

    package init(run: RunPlan) { self.run = run }

    private var tenants: Int { run.workload.tenants }
    private var blackHoled: Range<Int> { 0..<Int((Double(tenants) * blackHoledPercent / 100).rounded()) }
    private var hot: Range<Int> { blackHoled.upperBound..<min(tenants, blackHoled.upperBound + 1) }
    private var healthy: Range<Int> { hot.upperBound..<tenants }

    /// The named groups of tenants, during the disturbance or before it.
    package func groups(inTrouble: Bool) -> [TenantGroup] {
        let groups = [
            TenantGroup("healthy", healthy), TenantGroup("hot", hot),
            TenantGroup("black-holed", blackHoled, isAnswered: !inTrouble),
        ]
        return groups.filter { !$0.tenants.isEmpty }
    }

    /// Each tenant once per round, the hot one as often as its factor says.
    package var troubledMix: TenantMix { TenantMix([(blackHoled, 1), (hot, hotFactor), (healthy, 1)]) }

    /// Events per second during the disturbance, including the hot tenant's additional events.
    package var troubledRate: Double { run.rate * Double(troubledMix.roundCount) / Double(tenants) }

    package var expectedEvents: Int { Int(run.rate * baselineSeconds + troubledRate * troubleSeconds) + 10_000 }

    package func mistakes() -> [String] {
        var mistakes = sharedMistakes
        func check(_ isRight: Bool, _ text: @autoclosure () -> String) { if !isRight { mistakes.append(text()) } }
        check(
            (0..<100).contains(blackHoledPercent),
            "--black-holed: invalid value \"\(blackHoledPercent)\"; expected 0 to 99 percent")
        check((1...1_000).contains(hotFactor), "--hot-factor: invalid value \"\(hotFactor)\"; expected 1 to 1,000")
        check(baselineSeconds > 0, "--baseline-seconds: invalid value \"\(baselineSeconds)\"; expected a time above 0")
        check(troubleSeconds > 0, "--seconds: invalid value \"\(troubleSeconds)\"; expected a time above 0")
        check(mostRatio > 0, "--max-ratio: invalid value \"\(mostRatio)\"; expected a number above 0")
        if mistakes.isEmpty {
            check(
                !healthy.isEmpty,
                "--tenants: invalid value \"\(tenants)\"; expected at least one healthy tenant besides the black-holed ones and the hot one"
            )
        }
        return mistakes
    }

    package mutating func play(_ runner: inout LegRunner, view: inout LiveView) async throws {
        var baseline = run
        baseline.seconds = baselineSeconds
        baseline.warmupSeconds = warmup(of: baselineSeconds)
        baseline.workload.groups = groups(inTrouble: false)
        try await runner.run("baseline", baseline, view: &view)

        runner.receiver.set(.silent, at: blackHoled.map(run.workload.path))
        var trouble = run
        trouble.seconds = troubleSeconds
        trouble.warmupSeconds = 0
        trouble.rate = troubledRate
        trouble.workload.mix = troubledMix
        trouble.workload.groups = groups(inTrouble: true)
        try await runner.run("trouble", trouble, view: &view)
    }

    package func figures(of legs: [LegResult]) -> [FigureVerdict] {
        guard let baseline = legs.first(where: { $0.leg.name == "baseline" })?.book("healthy"),
            let trouble = legs.first(where: { $0.leg.name == "trouble" })?.book("healthy")
        else { return [] }
        return [
            FigureVerdict(
                "healthy tenants' p99", trouble.endToEnd.quantiles.p99, unit: "ms",
                baseline: baseline.endToEnd.quantiles.p99, mostRatio: mostRatio)
        ]
    }
}
