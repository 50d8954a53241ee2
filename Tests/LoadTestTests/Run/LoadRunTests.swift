import IngestClient
import LoadTest
import MockReceiver
import TestSupport
import Testing

/// Whole runs, a fraction of a second each, against a dispatcher with planted damage.
@Suite("Runs", .serialized, .timeLimit(.minutes(5)))
struct LoadRunTests {
    private func run(
        change: (inout RunPlan) -> Void = { _ in },
        treatment: @escaping @Sendable (Int) -> TinyDispatcher.Treatment = { _ in .deliver }
    ) async throws -> Report {
        let receiverPort = try await FreePort.choose()
        let dispatcher = TinyDispatcher(receiverPort: receiverPort, treatment: treatment)
        let server = try await dispatcher.start()
        var plan = RunPlan(server: ConnectionSettings(port: server.port, apiKey: "key"))
        plan.rate = 1_000
        plan.seconds = 0.3
        plan.drainSeconds = 0.6
        plan.workload.tenants = 7
        var receiver = EmbeddedReceiverPlan()
        receiver.port = receiverPort
        plan.receiver = .embedded(receiver)
        change(&plan)
        var view = LiveView(isTerminal: false) { _ in }
        let run = LoadRun(plan: plan)
        let report = try await run.run(view: &view)
        try await dispatcher.stop()
        try await server.stop()
        return report
    }

    @Test(
        "a healthy run: every event is offered, acknowledged, delivered and measured",
        arguments: ArrivalPattern.allCases)
    func healthy(arrivals: ArrivalPattern) async throws {
        let report = try await run(change: { $0.arrivals = arrivals })
        let expected = arrivals == .constant ? 300...300 : 200...400
        #expect(expected.contains(report.scheduled))
        #expect(report.acked == report.scheduled)
        #expect(report.delivered == report.scheduled)
        #expect(report.lost + report.duplicates + report.corrupt + report.phantom + report.pending == 0)
        #expect(report.endToEndMs.count == report.scheduled)
        #expect(report.ackMs.count == report.scheduled)
        #expect(report.statuses == ["ACCEPTED": report.scheduled])
        #expect(report.durability == "fdatasync")
    }

    @Test("one connection is used for all requests; a missed limit breaks the service level")
    func reuse() async throws {
        let report = try await run(change: { $0.bounds.reusePercent = 99.9 })
        #expect(report.receiverRequests == 300)
        #expect(report.receiverConnections == 1)
        #expect(report.connectionReuse == 1 - 1.0 / 300)
        #expect(report.figures.map(\.held) == [false])
        #expect(report.ends(with: .sloBroken))
    }

    @Test("an acknowledged event that is never delivered is lost: exit code 4")
    func lost() async throws {
        let report = try await run(treatment: { $0 == 100 || $0 == 200 ? .lose : .deliver })
        #expect(report.lost == 2)
        #expect(report.lostExamples.count == 2)
        #expect(report.exitCode == 4)
    }

    // F25: --failures 75 ended with EVENTS LOST while the server held them.
    @Test("after failures of the receiver what has not arrived is on the way, not lost: exit code 6")
    func onTheWay() async throws {
        let report = try await run(
            change: { plan in
                guard case .embedded(var receiver) = plan.receiver else { return }
                receiver.failureShare = 0.5
                plan.receiver = .embedded(receiver)
            }, treatment: { $0 == 100 || $0 == 200 ? .lose : .deliver })
        #expect(report.failuresInjected > 0)
        #expect(report.lost == 0 && report.lostExamples.isEmpty)
        #expect(report.pending >= 2 && report.delivered + report.pending == report.acked)
        #expect(report.ends(with: .invalid))
        #expect(report.reasons.contains { $0.contains("on the way") && $0.contains("breaker") })
        #expect(!ReportText.render(report).contains("evt_"))
    }

    @Test("a changed body is corruption: exit code 7")
    func corrupt() async throws {
        let report = try await run(treatment: { $0 == 100 ? .corrupt : .deliver })
        #expect(report.corrupt == 1)
        #expect(report.exitCode == 7)
    }

    @Test("a message that arrives again after its 2xx is a duplicate: exit code 5")
    func duplicate() async throws {
        let report = try await run(treatment: { $0 % 100 == 0 ? .repeatDelivery : .deliver })
        #expect(report.duplicates == 3)
        #expect(report.exitCode == 5)
    }

    @Test("unsigned messages fail if there is a secret: exit code 7")
    func unsigned() async throws {
        let report = try await run(change: { plan in
            guard case .embedded(var receiver) = plan.receiver else { return }
            receiver.secrets = [("*", Sample.secret)]
            plan.receiver = .embedded(receiver)
        })
        #expect(report.unverifiedSignatures == 300)
        #expect(report.exitCode == 7)
    }

    @Test("a receiver with a program of its own answers by it, and its failures depend on the run's seed")
    func program() async throws {
        let report = try await run(change: { plan in
            guard case .embedded(var receiver) = plan.receiver else { return }
            receiver.program = BehaviourProgram(everywhere: Behaviour(delay: 100, failFirst: 1))
            plan.receiver = .embedded(receiver)
        })
        // The small dispatcher does not try again.
        #expect(report.failuresInjected > 0 && report.delivered == 0)
    }

    @Test("a refused workload ends at once, and the report names the remedy")
    func refused() async throws {
        let report = try await run(change: { $0.seconds = 60 }, treatment: { _ in .refuse })
        #expect(report.exitCode == 1)
        #expect(report.scheduled < 10_000)
        #expect(report.reasons.contains { $0.contains("UNKNOWN_TENANT") && $0.contains("tenant-006") })
    }

    @Test("a closed loop keeps to its limit and measures throughput, without intended times")
    func closedLoop() async throws {
        let report = try await run(change: { plan in
            plan.rate = 0
            plan.seconds = 0.2
            plan.outstanding = 50
        })
        #expect(report.delivered == report.acked)
        #expect(report.acked > 50)
        #expect(report.generatorLagMs.count == 0)
        #expect(report.lost == 0)
    }

    @Test("ingest alone: judged by its acknowledgements")
    func ingestAlone() async throws {
        let report = try await run(change: { $0.receiver = .none }, treatment: { _ in .lose })
        #expect(report.acked == 300)
        #expect(report.slo.stage == "ack_ms")
        #expect(report.lost == 0)
    }
}
