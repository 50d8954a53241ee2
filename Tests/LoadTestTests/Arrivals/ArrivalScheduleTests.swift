import LoadTest
import Testing

@Suite("Intended times")
struct ArrivalScheduleTests {
    private func times(_ pattern: ArrivalPattern, rate: Double = 1_000, seed: UInt64 = 1, count: Int) -> [Int64] {
        var schedule = ArrivalSchedule(pattern: pattern, rate: rate, seed: seed)
        return (0..<count).map { _ in
            defer { schedule.advance() }
            return schedule.next
        }
    }

    @Test("constant arrivals are computed from their number, without drift")
    func constant() {
        let times = times(.constant, rate: 3, count: 3_001)
        #expect(times[0] == 0)
        #expect(times[1] == 333_333_333)
        #expect(times[3_000] == 1_000_000_000_000)
    }

    @Test("the same seed gives the same Poisson arrivals, another seed gives others")
    func seeded() {
        #expect(times(.poisson, seed: 7, count: 1_000) == times(.poisson, seed: 7, count: 1_000))
        #expect(times(.poisson, seed: 7, count: 1_000) != times(.poisson, seed: 8, count: 1_000))
    }

    @Test("Poisson gaps have the rate's mean, and a deviation as large as the mean")
    func poisson() {
        let times = times(.poisson, count: 100_000)
        let gaps = zip(times.dropFirst(), times).map { Double($0 - $1) }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(mean - 1e6) < 2e4)
        #expect(abs(variance.squareRoot() - 1e6) < 3e4)
        #expect(gaps.allSatisfy { $0 >= 0 })
    }
}
