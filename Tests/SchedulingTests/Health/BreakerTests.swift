import Scheduling
import TestSupport
import Testing

@Suite("Breaker") struct BreakerTests {
    private static let second: Int64 = 1_000_000_000

    /// A breaker with its chance.
    private final class Subject {
        var breaker = Breaker()
        var random = SeededRandom(seed: 1)

        func admits(inFlight: Int, now: Int64) -> Bool { breaker.admits(inFlight: inFlight, now: now) }

        func ends(_ successes: [Bool], at now: Int64) -> [Breaker.Change] {
            successes.map { breaker.ended(isSuccess: $0, now: now, random: &random) }
        }

        /// Opens it by ten failures; returns until when.
        func open(at now: Int64) -> Int64 {
            guard case .opened(let until) = ends(Array(repeating: false, count: 10), at: now).last else { return .min }
            return until
        }
    }

    @Test("ten failures in a row open it, nine do not")
    func failuresInARow() {
        let subject = Subject()
        #expect(subject.ends(Array(repeating: false, count: 9), at: 0).allSatisfy { $0 == .none })
        _ = subject.ends([true, true, true, true, true], at: 0)
        // 9 of 14 so far: under 70 %.
        #expect(subject.ends(Array(repeating: false, count: 2), at: 0).allSatisfy { $0 == .none })
        #expect(subject.breaker.state == .closed)
    }

    @Test(
        "70 % of at least ten within 30 s open it",
        arguments: [
            // successes, then failures one by one; after how many failures it opens.
            (3, 7), (4, 10), (0, 10), (2, 8),
        ])
    func share(successes: Int, opensAfter: Int) {
        let subject = Subject()
        _ = subject.ends(Array(repeating: true, count: successes), at: 0)
        let changes = subject.ends(Array(repeating: false, count: opensAfter), at: Self.second)
        #expect(changes.dropLast().allSatisfy { $0 == .none })
        #expect(changes.last != Breaker.Change.none)
    }

    @Test("what is older than 30 s does not count")
    func oldFailures() {
        let subject = Subject()
        _ = subject.ends([false, false, false, false, false, false, false, false, true], at: 0)
        #expect(subject.ends([false, true], at: 31 * Self.second) == [.none, .none])
        #expect(subject.breaker.state == .closed)
    }

    @Test("open it admits nobody; after its time exactly one probe, whose success closes it")
    func probe() {
        let subject = Subject()
        let until = subject.open(at: 0)
        #expect((27 * Self.second...33 * Self.second).contains(until))
        #expect(!subject.admits(inFlight: 0, now: until - 1))
        #expect(!subject.admits(inFlight: 1, now: until), "attempts of before are still out")
        #expect(subject.admits(inFlight: 0, now: until))
        #expect(!subject.admits(inFlight: 1, now: until))
        #expect(subject.ends([true], at: until) == [.closed])
        #expect(subject.admits(inFlight: 5, now: until))
    }

    @Test("late ends change nothing while it is open")
    func lateEnds() {
        let subject = Subject()
        let until = subject.open(at: 0)
        #expect(subject.ends([true, false, true], at: 1) == [.none, .none, .none])
        #expect(subject.breaker.state == .open(until: until))
    }

    @Test("each probe that fails doubles the time, to ten minutes, and a success begins anew")
    func doubling() {
        let subject = Subject()
        var now = subject.open(at: 0)
        for expected in [60, 120, 240, 480, 600, 600] as [Int64] {
            #expect(subject.admits(inFlight: 0, now: now))
            guard case .opened(let until) = subject.ends([false], at: now).first else {
                Issue.record("the probe's failure did not open it")
                return
            }
            let open = (until - now) / Self.second
            #expect((expected * 9 / 10 - 1...expected * 11 / 10 + 1).contains(open))
            now = until
        }
        #expect(subject.admits(inFlight: 0, now: now))
        _ = subject.ends([true], at: now)
        #expect((27 * Self.second...33 * Self.second).contains(subject.open(at: now) - now))
    }
}
