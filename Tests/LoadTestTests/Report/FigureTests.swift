import Foundation
import LoadTest
import NIOCore
import NIOPosix
import Testing

@Suite("Figures against their limits")
struct FigureTests {
    @Test("a ratio passes up to its limit, and its text has all four numbers")
    func ratio() {
        let held = FigureVerdict("p99", 4, unit: "ms", baseline: 2, mostRatio: 2)
        #expect(held.held)
        #expect(held.text == "p99: 4.000 ms   baseline 2.000 ms   ratio 2.00, at most 2.00   HELD")
        #expect(!FigureVerdict("p99", 4.1, unit: "ms", baseline: 2, mostRatio: 2).held)
        #expect(!FigureVerdict("p99", 4, unit: "ms", baseline: 0, mostRatio: 2).held)
    }

    @Test("a value passes on its side of the limit")
    func value() {
        #expect(FigureVerdict("cost", 40, unit: "µs", .atMost, 40).held)
        #expect(!FigureVerdict("cost", 40.1, unit: "µs", .atMost, 40).held)
        #expect(FigureVerdict("drained", 15_000, unit: "events/s", .atLeast, 15_000).held)
        let slow = FigureVerdict("drained", 14_999, unit: "events/s", .atLeast, 15_000)
        #expect(!slow.held)
        #expect(slow.text == "drained: 14,999 events/s   at least 15,000 events/s   BROKEN")
    }

    @Test("a figure beyond its limit breaks the service level, and JSON has a ratio even if there is none")
    func consequences() throws {
        var evidence = Evidence()
        evidence.scheduled = 10
        evidence.figures = [FigureVerdict("cost", 50, unit: "µs", .atMost, 40)]
        #expect(Verdict.decide(evidence).code == .sloBroken)
        evidence.figures = [FigureVerdict("cost", 30, unit: "µs", .atMost, 40)]
        #expect(Verdict.decide(evidence).code == .pass)
        var report = Report()
        report.figures = evidence.figures
        let object = try #require(try JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
        let figure = try #require((object["figures"] as? [[String: Any]])?.first)
        #expect(figure["ratio"] is NSNull)
        #expect(figure["held"] as? Bool == true)
        #expect(figure["bound"] as? String == "at most")
    }
}

@Suite("Memory and descriptors over a run")
struct TrendTests {
    private func trend(_ values: [Double], settled: Double = 0) -> Trend? {
        Trend(values.enumerated().map { (at: Double($0.offset), value: $0.element) }, settledAfter: settled)
    }

    @Test("a linear rise has its slope, and its growth is measured from its beginning")
    func rise() throws {
        let trend = try #require(self.trend((0...60).map { 100 + Double($0) }))
        #expect(trend.first == 100)
        #expect(trend.last == 160)
        #expect(abs(trend.perMinute - 60) < 0.001)
        #expect(abs(trend.growthPercent - 60) < 0.001)
    }

    @Test("the warm-up counts for the highest value, and not for the slope")
    func settled() throws {
        let trend = try #require(self.trend([0, 900, 500] + Array(repeating: 300, count: 60), settled: 3))
        #expect(trend.first == 0)
        #expect(trend.highest == 900)
        #expect(abs(trend.growthPercent) < 0.001)
    }

    @Test("without samples there is no trend")
    func empty() {
        #expect(trend([]) == nil)
        #expect(trend([5])?.growthPercent == 0)
    }

    @Test("a process's threads are summed by name without numbers")
    func threads() async throws {
        // Its threads are NIO-ELT-0-#0 and NIO-ELT-0-#1, or of a higher number.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let names = ProcessUsage.of(pid: getpid())?.threadSeconds.keys.sorted() ?? []
        #expect(names.contains("NIO-ELT"), "\(names)")
        try await group.shutdownGracefully()
    }

    @Test("a process is sampled once a second")
    func watch() throws {
        var watch = ProcessWatch(pid: getpid())
        for time in [0, 0.4, 0.9, 1.1, 1.9, 2.2] { watch.look(at: time) }
        let trends = try #require(watch.trends(settledAfter: 0))
        #expect(trends.samples == 3)
        #expect(trends.residentBytes.first > 1_000_000)
        #expect(trends.anonymousBytes.first < trends.residentBytes.first)
        #expect(trends.descriptors.first > 3)
        var blind = ProcessWatch(pid: nil)
        blind.look(at: 0)
        #expect(blind.trends(settledAfter: 0) == nil)
    }
}
