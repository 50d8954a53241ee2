import Foundation
import LoadTest
import Testing

@Suite("The report")
struct ReportTests {
    @Test("the JSON has every documented key, even without a value")
    func keys() throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Report().json()) as? [String: Any])
        let promised = [
            "schema_version", "offered_per_second", "acked", "delivered", "lost", "duplicates", "corrupt",
            "unverified_signatures", "ack_ms", "first_receipt_ms", "end_to_end_ms", "generator_lag_ms", "valid",
            "durability",
            "environment", "dispatcher_cpu_seconds", "dispatcher_rss_bytes", "store_bytes", "seed", "command", "slo",
            "generator_cpu_seconds", "statuses", "rejected", "exit_code", "verdict", "phantom", "pending",
        ]
        #expect(promised.filter { object[$0] == nil } == [])
        for stage in ["ack_ms", "first_receipt_ms", "end_to_end_ms", "generator_lag_ms"] {
            let quantiles = try #require(object[stage] as? [String: Any])
            #expect(Set(quantiles.keys).isSuperset(of: ["p50", "p95", "p99", "p999", "max"]))
        }
        #expect(object["dispatcher_cpu_seconds"] is NSNull)
        let environment = try #require(object["environment"] as? [String: Any])
        #expect(
            Set(environment.keys).isSuperset(of: [
                "cpu_model", "cores", "memory_bytes", "kernel", "filesystem", "load_average",
            ]))
    }

    @Test("the text names the stages, the counts and the verdict")
    func text() {
        var report = Report()
        report.receiver = "embedded, port 1"
        report.acked = 30_000
        var latency = StageLatencies()
        latency.record(1_500_000)
        report.endToEndMs = latency.quantiles
        report.ackMs = latency.quantiles
        report.reasons = ["3 acknowledged events never reached the receiver"]
        report.verdict = "EVENTS LOST"
        report.exitCode = 4
        let text = ReportText.render(report)
        for part in [
            "p99.9", "accepted (end to end)", "1.500", "30,000", "EVENTS LOST", "exit code 4", "never reached",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test("figures are formatted for people")
    func figures() {
        #expect(Figures.grouped(1_234_567) == "1,234,567")
        #expect(Figures.grouped(-999) == "-999")
        #expect(Figures.milliseconds(0.1234) == "0.123")
        #expect(Figures.milliseconds(1_234.56) == "1234.6")
        #expect(Figures.bytes(1_536) == "1.5 KiB")
    }
}
