import IngestClient
import MockReceiver
import NIOCore
import WebhookModel

/// The settings of a crash loop.
package struct CrashPlan: Sendable {
    /// Load, receiver and limits, as for a run. `seconds` and the service level are not used.
    package var run: RunPlan
    /// Starts the server on the same data directory and port each time.
    package var serverCommand: [String]
    /// The file for the server's output.
    package var serverLog = "/dev/null"
    package var kills = 20
    /// Seconds of load between two kills: chosen at random from this range. A kill waits longer if its start has not
    /// acknowledged an event yet: without one, nothing could be lost.
    package var gapSeconds = 0.2...2.0
    /// The longest time from a start until WELCOME, and from the end of the gap until the first acknowledged event.
    package var readySeconds = 30.0

    package init(run: RunPlan, serverCommand: [String]) {
        self.run = run
        self.serverCommand = serverCommand
    }
}

/// Kills the server at random moments under load, repeatedly, and proves that nothing acknowledged was lost.
///
/// The load continues by its schedule while the server is down. Events whose answer was cut off by a kill are in doubt
/// and are sent again with the same ids. At the end every acknowledged event must have reached the receiver. Deliveries
/// that were cut off by a kill come twice, which is allowed and only counted.
package final class CrashLoop: Sendable {
    private let plan: CrashPlan
    private let scope = RunScope()

    package init(plan: CrashPlan) { self.plan = plan }

    /// Ends the loop after the current kill.
    package func interrupt() { scope.interrupt() }

    /// - Throws: a `LoadTestError` or an `IngestError` if the server does not start or does not accept the load.
    package func run(view: inout LiveView) async throws -> Report {
        let server = try ServerProcess(command: plan.serverCommand, logPath: plan.serverLog)
        let receiver = try await ReceiverSide.start(
            plan.run.receiver, expectedMessages: Int(plan.run.rate * Double(plan.kills) * 10), seed: plan.run.seed)
        return try await scope.run {
            try await run(server, receiver, view: &view)
        } stop: { succeeded in
            await server.stop(within: succeeded ? 10 : 1)
            await receiver.stop()
        }
    }

    private func run(_ server: ServerProcess, _ receiver: ReceiverSide, view: inout LiveView) async throws -> Report {
        let identity = RunIdentity(startMilliseconds: WallClock.now() / 1_000_000, seed: plan.run.seed)
        let generator = Generator(
            eventLoop: scope.eventLoop, pace: plan.run.pace, workload: plan.run.workload, identity: identity,
            batch: plan.run.batch, duration: .max / 2, sendsAgain: true)
        var (terms, readyMs) = try await start(server, generator)
        view.say("server ready in \(Figures.milliseconds(readyMs)) ms; \(plan.kills) kills; receiver: \(receiver.name)")

        var costs = RunCosts(plan: plan.run)
        let before = try await receiver.counts()
        let startWall = WallClock.now() + 20_000_000
        try await generator.eventLoop.submit { generator.start(at: startWall) }.get()
        var observer = RunObserver(
            plan: plan.run, generator: generator, receiver: receiver, before: before, startWall: startWall,
            identity: identity)

        var kills: [KillRecord] = []
        var random = SplitMix(seed: plan.run.seed)
        for number in 1...max(1, plan.kills) where !scope.isInterrupted {
            try await load(for: Double.random(in: plan.gapSeconds, using: &random), server, &observer)
            let at = observer.elapsed
            let resentBefore = try await observer.look().sentAgain
            try await server.kill()
            try await untilDisconnected(generator)
            // Exact: all answers of the killed server have been read.
            let acked = try await observer.look().stored
            (terms, readyMs) = try await start(server, generator)
            let snapshot = try await observer.look()
            let kill = KillRecord(at: at, readyMs: readyMs, resent: snapshot.sentAgain - resentBefore, acked: acked)
            kills.append(kill)
            view.say(
                "kill \(number)/\(plan.kills) at \(Figures.fixed(at, 2)) s: ready in \(Figures.milliseconds(readyMs)) ms, "
                    + "\(kill.resent) sent again, \(Figures.grouped(snapshot.stored)) acked, \(Figures.grouped(observer.delivered)) delivered"
            )
        }

        try await generator.eventLoop.submit { generator.endArrivals() }.get()
        let loadSeconds = observer.elapsed
        let outcome = try await drain(&observer, view: &view)
        costs.finish(generatorCPU: outcome.generator.cpu)
        return report(
            outcome, costs, terms, kills, receiver: receiver, startWall: startWall, loadSeconds: loadSeconds)
    }

    // MARK: The server

    /// Starts the server and connects as soon as it accepts connections. Returns its terms and the milliseconds until
    /// WELCOME.
    private func start(_ server: ServerProcess, _ generator: Generator) async throws -> (ServerTerms, Double) {
        let begun = WallClock.now()
        try server.start()
        while true {
            let waited = Double(WallClock.now() - begun) / 1e9
            do {
                let connection = try await ProducerConnection.connect(
                    plan.run.server, owner: generator, on: generator.eventLoop
                )
                .map { connection -> ServerTerms in
                    generator.attach(connection)
                    return ServerTerms(connection.welcome)
                }.get()
                let ready = Double(WallClock.now() - begun) / 1e6
                try await connectOthers(generator)
                return (connection, ready)
            } catch let error as IngestError {
                guard server.isRunning else { throw LoadTestError(server.epitaph) }
                // A server that is still starting refuses or drops the connection. A wrong key cannot be repaired by
                // waiting.
                if case .closed = error { throw error }
                guard waited < plan.readySeconds else {
                    throw LoadTestError(
                        "the server was not ready within \(Figures.fixed(plan.readySeconds, 0)) s: \(error)")
                }
                try await Task.sleep(for: .milliseconds(2))
            }
        }
    }

    private func connectOthers(_ generator: Generator) async throws {
        for _ in 1..<plan.run.connections {
            try await ProducerConnection.connect(plan.run.server, owner: generator, on: generator.eventLoop)
                .map { generator.attach($0) }.get()
        }
    }

    private func untilDisconnected(_ generator: Generator) async throws {
        while try await generator.eventLoop.submit({ generator.snapshot.openConnections }).get() > 0 {
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    /// Lets the load run. Throws when the server ends by itself, because that is a finding too.
    private func load(for seconds: Double, _ server: ServerProcess, _ observer: inout RunObserver) async throws {
        let end = observer.elapsed + seconds
        let before = try await observer.look().stored
        while observer.elapsed < end {
            guard server.isRunning else { throw LoadTestError(server.epitaph) }
            let left = end - observer.elapsed
            try await Task.sleep(for: .seconds(max(0, min(left, 0.05))))
        }
        while !scope.isInterrupted, observer.elapsed < end + plan.readySeconds,
            try await observer.look().stored == before
        {
            guard server.isRunning else { throw LoadTestError(server.epitaph) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    // MARK: The end

    private func drain(_ observer: inout RunObserver, view: inout LiveView) async throws -> RunOutcome {
        let begun = observer.elapsed
        while true {
            let snapshot = try await observer.look()
            let isOver = observer.elapsed - begun >= plan.run.drainSeconds
            if isOver
                || snapshot.isLoadDone && snapshot.sent == snapshot.answered
                    && observer.delivered >= snapshot.deliverable
            {
                let outcome = try await observer.reconcile(drainSeconds: observer.elapsed - begun)
                if isOver || !observer.receiver.isExact || outcome.findings.missing + outcome.findings.unaccepted == 0 {
                    return outcome
                }
            }
            try await observer.show(.drain, since: begun, of: plan.run.drainSeconds, view: &view)
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func report(
        _ outcome: RunOutcome, _ costs: RunCosts, _ terms: ServerTerms, _ kills: [KillRecord], receiver: ReceiverSide,
        startWall: Int64, loadSeconds: Double
    ) -> Report {
        var judged = plan.run
        // Time while the server is down is not its latency, and duplicates after a kill are allowed.
        judged.sloP95Milliseconds = .infinity
        judged.maxDuplicates = .max
        judged.seconds = loadSeconds
        let builder = ReportBuilder(
            plan: judged, receiver: receiver, terms: terms, startWall: startWall,
            drainStart: startWall + Int64(loadSeconds * 1e9), costs: costs)
        var report = builder.build(outcome, interrupted: scope.isInterrupted)
        report.mode = "crash"
        report.kills = kills
        report.slo = Report.SLO()
        return report
    }
}
