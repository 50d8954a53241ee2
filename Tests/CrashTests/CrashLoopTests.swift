import LoadTest
import TestSupport
import Testing

/// The real server, killed under load; the ledgers of producer and receiver are compared at the end.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CrashLoopTests {
    @Test func `nothing acknowledged is lost by a kill`() async throws {
        let site = try await Site()
        var plan = CrashPlan(run: site.run, serverCommand: site.command(["serve"] + site.flags(site.provisioning)))
        plan.kills = 5
        plan.gapSeconds = 0.2...0.8
        let report = try await CrashLoop(plan: plan).run(site)
        #expect(report.kills?.count == 5)
        #expect(report.acked > 500)
        #expect(report.lost == 0, "\(report.lostExamples)")
        #expect((report.corrupt, report.unverifiedSignatures, report.phantom) == (0, 0, 0))
        #expect((report.pending, report.unanswered) == (0, 0))
        // 6: a busy machine made the generator late, which says nothing about loss.
        #expect([0, 6].contains(report.exitCode), "\(report.reasons)")
    }

    // A check that cannot fail proves nothing: here the store is thrown away between two starts.
    @Test func `the loss of a store is detected`() async throws {
        let site = try await Site()
        // Nobody listens there: what the first start acknowledges stays with it.
        let nowhere = try site.writeProvisioning("nowhere.yaml", receiverPort: try await FreePort.choose())
        let script = """
            if [ -e "$0/data" ]; then rm -r "$0/data"; file="$0/provision.yaml"; else file="\(nowhere)"; fi
            exec "\(ServerExecutable.path)" serve "$@" --provision "$file"
            """
        let command = ["sh", "-c", script, site.folder.path] + site.flags(nil)
        var plan = CrashPlan(run: site.run, serverCommand: site.command(command, isScript: true))
        plan.kills = 1
        plan.gapSeconds = 0.4...0.4
        // Events count as lost after half of this time without a request: more than a slow disk delays one.
        plan.run.drainSeconds = 6
        let report = try await CrashLoop(plan: plan).run(site)
        let kill = try #require(report.kills?.first)
        #expect(kill.acked > 0)
        // Every event of the first start is lost. On a slow disk some of the second may be missing too when the drain
        // ends. That a loop without a loss counts none is shown above.
        #expect(report.lost >= kill.acked && report.lost <= report.acked)
        #expect(report.lostExamples.count == min(5, report.lost))
        #expect(report.exitCode == 4)
    }
}

extension CrashLoop {
    /// Runs without a view.
    fileprivate func run(_ site: Site) async throws -> Report {
        var view = LiveView(isTerminal: false) { _ in }
        return try await run(view: &view)
    }
}
