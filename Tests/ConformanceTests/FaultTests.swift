import Conformance
import Testing
import WireProtocol

/// The runner can fail: each fault of a server is found by the check of its clause, and that clause is named.
@Suite(.timeLimit(.minutes(5))) struct FaultTests {
    // How long to wait for a fault that shows as silence.
    private static let patience = Duration.seconds(1)

    @Test(arguments: Faults.all)
    func `each fault is found and its clause cited`(fault: Fault) async throws {
        let result = try await FaultTests.result(of: fault)
        guard case .failed(let deviation) = result.verdict else {
            Issue.record("\(fault): \(fault.check) says \(result.verdict)")
            return
        }
        #expect(deviation.clause == fault.clause, "\(ReportText.lines(of: result).joined(separator: "\n"))")
        #expect(!deviation.expected.isEmpty && !deviation.actual.isEmpty)
    }

    @Test func `every clause with a check has a fault that breaks it`() {
        // The drain is tested below and in EndToEndTests, because it needs a server that shuts down.
        let tested = Set(Catalogue.checks.filter { $0.pace != .last }.map { $0.clauses[0] })
        let broken = Set(Faults.all.map(\.clause))
        #expect(tested.subtracting(broken).isEmpty)
    }

    @Test func `a server that stops without GOAWAY fails the check`() async throws {
        let server = try await RealServer()
        var subject = Subject.onLoopback(server.port, patience: FaultTests.patience)
        subject.drainCommand = "true"
        let report = await run(Catalogue.checks(matching: "end-drain"), subject)
        await server.stop()
        #expect(report.brokenClauses == ["5.6.5"])
    }

    // A limit is a number of the server's, and memory of ours.
    @Test(arguments: [0, UInt32.max]) func `extreme limits do not stop the runner`(limit: UInt32) async throws {
        let fault = Fault("absurd limits", "", breaks: "") { piece, _ in
            guard piece.isServer(.welcome) else { return .passes }
            piece.change(Welcome.self) { welcome in
                welcome.frameBytes = limit
                welcome.eventBytes = limit
                welcome.eventsPerFrame = limit
                welcome.windowEvents = limit
                welcome.windowBytes = limit == 0 ? 0 : .max
                welcome.idleTimeoutMilliseconds = limit
            }
            return .passes
        }
        let server = try await RealServer()
        let proxy = try await FaultyProxy(before: server.port, fault)
        let concerned = ["hello-limits", "header-length", "event-large", "event-too-large", "publish", "window"]
        let checks = concerned.flatMap { Catalogue.checks(matching: $0) }
        let report = await run(checks, .onLoopback(proxy.port, patience: .milliseconds(300)))
        try await proxy.stop()
        await server.stop()
        #expect(report.results.count == checks.count)
        #expect(report.brokenClauses.contains("5.2.4"))
    }

    // Without this, a bug of the proxy would look like a fault.
    @Test func `the proxy alone makes no check fail`() async throws {
        let server = try await RealServer()
        let proxy = try await FaultyProxy(before: server.port, Fault("none", "", breaks: ""))
        // The proxy assembles what is sent in parts.
        let checks = Catalogue.checks.filter { $0.pace == .quick }
        let report = await run(checks, .onLoopback(proxy.port, patience: .seconds(5)))
        try await proxy.stop()
        await server.stop()
        for result in report.failed { Issue.record("\(ReportText.lines(of: result).joined(separator: "\n"))") }
    }

    private static func result(of fault: Fault) async throws -> CheckResult {
        let server = try await RealServer(configure: fault.server)
        let proxy = try await FaultyProxy(before: server.port, fault)
        let checks = Catalogue.checks.filter { $0.id == fault.check }
        let report = await run(checks, .onLoopback(proxy.port, patience: patience))
        try await proxy.stop()
        await server.stop()
        return try #require(report.results.first, "no check is called \(fault.check)")
    }
}
