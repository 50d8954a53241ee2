import Foundation
import IngestClient
import MockReceiver
import NIOCore
import TestSupport
import Testing
import WireProtocol

extension EndToEnd {
    /// F8: what this machine lacks is not the fault of an endpoint, nor of a producer.
    @Suite struct ShortageTests {
        @Test func `at the descriptor limit deliveries wait and use no attempt`() async throws {
            let slow = BehaviourProgram.Rule(.all, Behaviour(reply: .answer(Answer()), delay: 200))
            try await withReceiver([slow]) { receiver in
                // A second attempt would come after an hour, so each must succeed at the first.
                var installation = try Installation(
                    ProvisioningFile(.init(url: receiver.url("/in"), delays: "1h", window: 256)))
                // At its start the server keeps its attempts in flight to a third of the limit, so the limit sinks later.
                installation.openFiles = 512
                let server = try await installation.start()
                let lower = try ChildProcess(
                    "/usr/bin/prlimit", ["--pid", "\(server.process.pid)", "--nofile=64:64"], environment: [:])
                #expect(try await lower.ended() == .code(0), "\(lower.lines)")
                _ = try await server.connect().publish(Events.batch(1..<301))
                #expect(await receiver.wait(for: .requests(300), timeout: .seconds(30)))
                let line = try await server.process.line(with: "no connection to give")
                #expect(line?.contains("warning") == true && line?.contains("EMFILE") == true, "\(line ?? "")")
                try await server.stop()
                let totals = receiver.stats().totals
                #expect(totals.accepted == 300)
                let end = server.process.lines.last { $0.contains("needletail ended") } ?? ""
                #expect(end.contains("delivered=300") && end.contains("retried=0") && end.contains("dead=0"), "\(end)")
                #expect(server.process.lines.count { $0.contains("no connection to give") } == 1)
            }
        }

        @Test func `at the descriptor limit the listener waits, says so once, and goes on`() async throws {
            var installation = try Installation(ProvisioningFile(.init(url: "http://127.0.0.1:9/")))
            installation.openFiles = 64
            let server = try await installation.start()
            var callers: [Caller] = []
            // The kernel completes these connections, whether they are accepted or not.
            for _ in 0..<60 { callers.append(try await Caller(port: server.port)) }
            #expect(try await server.process.line(with: "no descriptor or memory for another connection") != nil)
            let before = try processorTime(of: server.process.pid)
            let start = ContinuousClock.now
            // Those that were accepted are closed when their time for HELLO is over.
            for caller in callers.prefix(5) { _ = try? await caller.frames(1) }
            let elapsed = start.duration(to: .now)
            let used = try processorTime(of: server.process.pid) - before
            #expect(elapsed < .seconds(2) || used < elapsed / 4, "\(used) of \(elapsed)")
            for caller in callers { await caller.hangUp() }
            let receipt = try await server.connect().publish(Events.event(1))
            #expect(receipt.status == .accepted)
            #expect(server.process.lines.count { $0.contains("no descriptor or memory") } == 1)
            try await server.stop()
        }

        /// User and system time (proc_pid_stat(5)).
        private func processorTime(of pid: Int32) throws -> Duration {
            let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            let fields = text.split(separator: ")").last?.split(separator: " ").compactMap { Int($0) } ?? []
            // State is not a number: utime and stime are then the eleventh and twelfth.
            return .milliseconds((fields[10] + fields[11]) * 10)
        }
    }
}
