/// What a staged run does: loads one after the other, with outages of the receiver between them. The first leg is the
/// baseline that the later ones are compared with, on the same dispatcher in the same minutes.
package protocol StagedScript: Sendable {
    /// The word in the report: the name of the subcommand.
    var mode: String { get }
    /// Server, receiver, tenants and rate that all legs share.
    var run: RunPlan { get }
    /// Events of all legs, for which the receiver must have space.
    var expectedEvents: Int { get }
    /// The leg whose latencies the report shows.
    var judgedLeg: String { get }

    /// The mistakes in the plan, one line each, with the option and the remedy.
    func mistakes() -> [String]
    /// Runs the legs.
    mutating func play(_ runner: inout LegRunner, view: inout LiveView) async throws
    /// The figures, once every leg has been reconciled. A leg that was skipped by an interruption has no figure.
    func figures(of legs: [LegResult]) -> [FigureVerdict]
    /// Adds what is specific to this mode.
    func complete(_ report: inout Report)
}

extension StagedScript {
    package func complete(_ report: inout Report) {}

    /// Mistakes of the shared plan.
    var sharedMistakes: [String] {
        var mistakes = run.mistakes()
        if case .embedded = run.receiver {
        } else {
            mistakes.append(
                "--receiver: \(mode) needs the embedded receiver, whose answers it changes; remove the option")
        }
        if run.isClosedLoop {
            mistakes.append("--rate: invalid value \"0\"; expected 1 or more, because \(mode) is measured at a rate")
        }
        return mistakes
    }

    /// In a leg that is measured in its steady state the first third, at most 10 s, is not measured: connections are
    /// made, the store's file grows, and data from the start is still being written to disk.
    func warmup(of seconds: Double) -> Double { min(10, seconds / 3) }
}

/// Runs a script: start the receiver, the legs, the reconciliation of each, the report.
package final class StagedRun: Sendable {
    private let script: any StagedScript
    private let scope = RunScope()

    package init(_ script: any StagedScript) { self.script = script }

    /// Ends the current leg, skips the others, and lets `run` return its report. Callable from any thread, also a
    /// signal handler's.
    package func interrupt() { scope.interrupt() }

    /// - Throws: a `LoadTestError` or an `IngestError` if nothing could be measured.
    package func run(view: inout LiveView) async throws -> Report {
        guard case .embedded(let plan) = script.run.receiver else {
            throw LoadTestError(script.mistakes().joined(separator: "\n"))
        }
        let receiver = try await EmbeddedReceiver.start(
            plan, expectedMessages: script.expectedEvents, seed: script.run.seed)
        return try await scope.run {
            try await play(against: receiver, view: &view)
        } stop: { _ in
            await receiver.stop()
        }
    }

    private func play(against receiver: EmbeddedReceiver, view: inout LiveView) async throws -> Report {
        var script = script
        var runner = LegRunner(script.run, receiver: receiver, eventLoop: scope.eventLoop) { [scope] in
            scope.isInterrupted
        }
        try await script.play(&runner, view: &view)
        let legs = try await runner.settle(view: &view)
        view.finish()
        return StagedReport(script: script, costs: runner.finishedCosts, side: .embedded(receiver)).build(
            legs, interrupted: scope.isInterrupted)
    }
}
