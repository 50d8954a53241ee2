import Conformance
import Ingest
import TestSupport
import Testing
import Threading

/// Our server passes. If it breaks a clause, the runner names it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RealServerTests {
    // Waits for the deadlines of the server: about four seconds.
    @Test func `our server passes every check`() async throws {
        // Small limits make every check conclusive: the window can be filled by one read.
        let server = try await RealServer {
            $0.eventsPerFrame = 500
            $0.windowEvents = 500
            $0.payloadBytes = 4_096
            $0.frameBytes = 64 * 1_024
            $0.windowBytes = 64 * 1_024
        }
        let report = await run(Catalogue.checks, .onLoopback(server.port, patience: .seconds(5)))
        await server.stop()
        for result in report.failed { Issue.record("\(ReportText.lines(of: result).joined(separator: "\n"))") }
        // Draining needs a separate process: EndToEndTests.
        #expect(report.skipped.map(\.check.id) == ["end-drain"])
        print("conformance of our server in process: \(ReportText.summary(of: report))")
    }

    @Test func `our server passes with its default limits`() async throws {
        let server = try await RealServer()
        let quick = Catalogue.checks.filter { $0.pace == .quick }
        let report = await run(quick, .onLoopback(server.port, patience: .seconds(5)))
        await server.stop()
        for result in report.failed { Issue.record("\(ReportText.lines(of: result).joined(separator: "\n"))") }
        // The server may acknowledge faster than 65,536 events or 16 MiB arrive.
        #expect(report.skipped.allSatisfy { $0.check.group == "window" })
        print("with default limits: \(ReportText.summary(of: report))")
    }

    @Test func `an unreachable or unsuitable server is reported before any check runs`() async throws {
        let nobody = try await FreePort.choose()
        #expect(throws: Unreachable.self) {
            try ConformanceRun(subject: .onLoopback(nobody, patience: .seconds(5))).preflight()
        }
        let server = try await RealServer()
        var subject = Subject.onLoopback(server.port, patience: .seconds(5))
        try ConformanceRun(subject: subject).preflight()
        subject.tenant = RealServer.disabled
        let disabled = #expect(throws: UnsuitableServer.self) { try ConformanceRun(subject: subject).preflight() }
        #expect(disabled?.description.contains("TENANT_DISABLED") == true)
        subject.key = "another"
        let unknown = #expect(throws: UnsuitableServer.self) { try ConformanceRun(subject: subject).preflight() }
        #expect(unknown?.description.contains("--key") == true)
        await server.stop()
    }
}

/// Runs on a separate thread: it blocks, and the cooperative pool must not be blocked.
func run(_ checks: [Check], _ subject: Subject) async -> Report {
    await withCheckedContinuation { continuation in
        _ = WorkerThread(name: "conformance") {
            continuation.resume(returning: ConformanceRun(subject: subject, checks: checks).run())
        }
    }
}
