import IngestClient
import LoadTest
import TestSupport
import Testing

extension Report {
    /// On a machine that is too busy for the generator a run is invalid and says so; its counts are still right.
    func ends(with code: ExitCode) -> Bool { exitCode == (valid ? code : .invalid).rawValue }
}

/// Staged runs, a second each, against a small dispatcher.
@Suite("Staged runs", .serialized, .timeLimit(.minutes(5)))
struct StagedRunTests {
    /// - Parameter isShared: the dispatcher's tenants share one connection, so the first black hole stops all of them.
    private func play(
        isShared: Bool = false, tenants: Int, _ script: (RunPlan) -> any StagedScript
    ) async throws -> Report {
        let port = try await FreePort.choose()
        let dispatcher = TinyDispatcher(receiverPort: port, isShared: isShared) { _ in .deliver }
        let server = try await dispatcher.start()
        var plan = RunPlan(server: ConnectionSettings(port: server.port, apiKey: "key"))
        plan.rate = 500
        plan.drainSeconds = 0.6
        plan.workload.tenants = tenants
        var receiver = EmbeddedReceiverPlan()
        receiver.port = port
        plan.receiver = .embedded(receiver)
        var view = LiveView(isTerminal: false) { _ in }
        let script = script(plan)
        #expect(script.mistakes() == [])
        let report = try await StagedRun(script).run(view: &view)
        try await dispatcher.stop()
        try await server.stop()
        return report
    }

    private func isolation(_ plan: RunPlan) -> IsolationScript {
        var script = IsolationScript(run: plan)
        script.baselineSeconds = 0.4
        script.troubleSeconds = 0.4
        script.mostRatio = 1_000
        return script
    }

    @Test("isolation: groups are measured separately, and only events for silent receivers wait")
    func isolated() async throws {
        let report = try await play(tenants: 20, isolation)
        #expect(report.ends(with: .pass), "\(report.reasons)")
        let legs = try #require(report.legs)
        #expect(legs.map(\.name) == ["baseline", "trouble"])
        #expect(legs[0].groups.map(\.tenants) == [17, 1, 2])
        #expect(legs[0].acked == 200)
        #expect(legs[0].held == 0)
        // 290 = 0.4 s × 500/s × 29/20: nine additional shares of the hot tenant.
        #expect(legs[1].acked == 290)
        #expect(legs[1].groups.map(\.acked) == [170, 100, 20])
        #expect(legs[1].groups.map(\.delivered) == [170, 100, 0])
        #expect(legs[1].held == 20)
        #expect(report.figures.map(\.name) == ["healthy tenants' p99"])
        #expect(report.figures.first?.baseline.map { $0 > 0 } == true)
        #expect(report.lost + report.pending + report.foreign == 0)
        #expect(ReportText.render(report).contains("trouble: healthy (17)"))
    }

    @Test("a dispatcher without isolation fails")
    func shared() async throws {
        let report = try await play(isShared: true, tenants: 20, isolation)
        #expect(report.exitCode == 4)
        #expect(report.legs?[1].groups[0].delivered != 170)
    }

    @Test("a backlog of slow receivers drains when they are fast again, and every event arrives")
    func backlog() async throws {
        let report = try await play(tenants: 10) { plan in
            var script = BacklogScript(run: plan)
            script.backlogTenants = 2
            script.events = 60
            script.fillRate = 2_000
            script.outage = .late(milliseconds: 30)
            script.baselineSeconds = 0.2
            script.waitingSeconds = 0.2
            script.drainLimitSeconds = 10
            script.mostRatio = 1_000
            script.leastDrainRate = 1
            return script
        }
        #expect(report.ends(with: .pass), "\(report.reasons)")
        let legs = try #require(report.legs)
        #expect(legs.map(\.name) == ["baseline", "fill", "waiting", "drain"])
        #expect(legs[1].acked == 60)
        #expect(legs[1].delivered == 60)
        #expect(legs[3].seconds < 5)
        let drain = try #require(report.drain)
        #expect((1..<60).contains(drain.events))
        #expect(report.figures.map(\.name) == ["live p99 beside the backlog", "drained", "live p95 while draining"])
    }

    @Test("a backlog that is not drained is held, and a missed limit is named")
    func waiting() async throws {
        let report = try await play(tenants: 10) { plan in
            var script = BacklogScript(run: plan)
            script.backlogTenants = 1
            script.events = 40
            script.fillRate = 2_000
            script.outage = .silent
            script.baselineSeconds = 0.2
            script.waitingSeconds = 0.2
            script.drains = false
            script.mostRatio = 0.000_001
            return script
        }
        #expect(report.ends(with: .sloBroken), "\(report.reasons)")
        #expect(report.reasons.contains { $0.hasPrefix("live p99 beside the backlog") })
        #expect(report.legs?[1].held == 40)
        #expect(report.drain == nil)
    }
}
