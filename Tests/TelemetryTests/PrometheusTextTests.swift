import Telemetry
import Testing
import WebhookModel

@Suite struct PrometheusTextTests {
    @Test func `each sample follows its own help and type`() {
        var declared = Set<Substring>()
        for line in StatsBoard().snapshot().prometheusText.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# HELP") { continue }
            if line.hasPrefix("# TYPE") {
                #expect(declared.insert(words[2]).inserted, "\(words[2]) is declared twice")
                continue
            }
            #expect(words.count == 2 && Double(words[1]) != nil, "not a sample: \(line)")
            var name = words[0].prefix { $0 != "{" }
            for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) && !declared.contains(name) {
                name = name.dropLast(suffix.count)
            }
            #expect(declared.contains(name), "\(name) is not declared")
        }
        #expect(declared.count == Tally.allCases.count + Level.allCases.count + Stage.allCases.count + 1)
    }

    @Test func `numbers appear under their names`() {
        let board = StatsBoard()
        board.add(7, to: .commits)
        board.set(.mapBytes, to: 4_096)
        board.add(2, attemptsWith: .timedOut)
        let lines = Set(board.snapshot().prometheusText.split(separator: "\n"))
        #expect(lines.contains("needletail_commits_total 7"))
        #expect(lines.contains("needletail_store_map_bytes 4096"))
        #expect(lines.contains("needletail_attempts_total{outcome=\"timedOut\"} 2"))
    }

    @Test func `buckets are cumulative and the last holds all`() {
        let board = StatsBoard()
        for value: Int64 in [63, 64, 1_000_000, 1 << 40] { board.latency(.attempt).record(value) }
        let counts = board.snapshot().prometheusText.split(separator: "\n")
            .filter { $0.hasPrefix("needletail_attempt_seconds_bucket") }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        #expect(counts.first == 1)
        #expect(counts.dropFirst().first == 2)
        #expect(counts.last == 4)
        #expect(counts == counts.sorted())
    }
}
