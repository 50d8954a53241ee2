import NIOCore
import NIOPosix
import Synchronization

/// What a staged run plays: loads one after the other, and trouble at the receiver between them. The first leg is the baseline that the
/// later ones are held against, on the same dispatcher in the same minutes.
package protocol StagedScript: Sendable {
    /// The report's word: the name of the subcommand.
    var mode: String { get }
    /// Server, receiver, tenants and rate that all legs share.
    var run: RunPlan { get }
    /// Events of all legs: what the receiver must have room for.
    var expectedEvents: Int { get }
    /// The leg whose latencies are the report's.
    var judgedLeg: String { get }

    /// What is wrong with the plan, each in a line that names the option and the mend.
    func mistakes() -> [String]
    /// Runs the legs.
    mutating func play(_ runner: inout LegRunner, view: inout LiveView) async throws
    /// The figures, once every leg has been reconciled. A leg that an interruption left out has no figure.
    func figures(of legs: [LegResult]) -> [FigureVerdict]
    /// Adds what only this mode knows.
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
                "--receiver: \(mode) needs the embedded receiver, whose answers it changes; leave the option out")
        }
        if run.isClosedLoop { mistakes.append("--rate 0: \(mode) is measured at a rate; give 1 or more") }
        return mistakes
    }

    /// Of a leg that is measured in its steady state a third is not measured, 10 s at most: connections are made, the store's file
    /// grows, and what the start left to be written is written.
    func warmup(of seconds: Double) -> Double { min(10, seconds / 3) }
}

/// Plays a script: receiver up, the legs, the reconciliation of each, the report.
package final class StagedRun: Sendable {
    private let script: any StagedScript
    private let interruption = Atomic<Bool>(false)
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    package init(_ script: any StagedScript) { self.script = script }

    /// Ends the leg under way, skips the others, and lets `run` return its report. From any thread, a signal's too.
    package func interrupt() { interruption.store(true, ordering: .relaxed) }

    /// - Throws: a `LoadTestError` or an `IngestError` where nothing could be measured.
    package func run(view: inout LiveView) async throws -> Report {
        guard case .embedded(let plan) = script.run.receiver else {
            throw LoadTestError(script.mistakes().joined(separator: "\n"))
        }
        let receiver = try await EmbeddedReceiver.start(
            plan, expectedMessages: script.expectedEvents, seed: script.run.seed)
        do {
            let report = try await play(against: receiver, view: &view)
            await receiver.stop()
            try await group.shutdownGracefully()
            return report
        } catch {
            await receiver.stop()
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func play(against receiver: EmbeddedReceiver, view: inout LiveView) async throws -> Report {
        var script = script
        var runner = LegRunner(script.run, receiver: receiver, eventLoop: group.next()) { [self] in
            interruption.load(ordering: .relaxed)
        }
        try await script.play(&runner, view: &view)
        let legs = try await runner.settle(view: &view)
        view.finish()
        return StagedReport(script: script, costs: runner.finishedCosts, side: .embedded(receiver)).build(
            legs, interrupted: interruption.load(ordering: .relaxed))
    }
}
