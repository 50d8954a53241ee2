import Scheduling
import Testing
import WebhookModel

@Suite("EndpointHealth") struct EndpointHealthTests {
    private static let hour: Int64 = 3_600_000
    private static let start: Int64 = 1_700_000_000_000

    /// Fails at these hours; the verdicts.
    private static func verdicts(_ hours: [Int64], _ outcome: Outcome = .refusedStatus) -> [EndpointHealth.Verdict] {
        var health = EndpointHealth()
        return hours.map { health.follow(outcome, now: start + $0 * hour) }
    }

    private static func disables(_ hours: [Int64], _ outcome: Outcome = .refusedStatus) -> Bool {
        verdicts(hours, outcome).contains(.disable(.failing))
    }

    // F1: the endpoint was disabled by two failures.
    @Test func `two failures that are 121 hours apart are two bad moments`() {
        #expect(EndpointHealthTests.verdicts([0, 121]) == [.beganToFail, .beganToFail])
        // The nine attempts of one event, and those of another one five days later.
        #expect(!EndpointHealthTests.disables([0, 0, 0, 0, 0, 1, 4, 12, 24, 121, 121, 121, 121, 121, 122, 125]))
        // However many at one time.
        #expect(!EndpointHealthTests.disables(Array(repeating: 0, count: 500) + Array(repeating: 121, count: 500)))
        #expect(!EndpointHealthTests.disables([0, 30, 60, 90, 120, 150].flatMap { Array(repeating: $0, count: 9) }))
    }

    @Test func `failures all over five days disable`() {
        #expect(EndpointHealthTests.disables(Array(0...120)))
        #expect(EndpointHealthTests.disables(Array(stride(from: 0, through: 120, by: 12))))
        // One event a day, with the default policy.
        let events = (0...5).flatMap { day in [0, 1, 4, 12, 24].map { Int64(day) * 24 + $0 } }.sorted()
        #expect(EndpointHealthTests.disables(events))
    }

    @Test func `five days are not over before they are over`() {
        #expect(!EndpointHealthTests.disables(Array(0...119)))
    }

    @Test func `its owner is warned after one day and after three`() {
        let verdicts = EndpointHealthTests.verdicts(Array(0...80))
        let warned = verdicts.indices.filter { verdicts[$0] != .unchanged }.map { ($0, verdicts[$0]) }
        #expect(warned.map(\.0) == [0, 2, 24, 72])
        #expect(warned.map(\.1) == [.beganToFail, .fails(.refusedStatus), .warn(days: 1), .warn(days: 3)])
    }

    // F27: the first word about a failing endpoint came after a day.
    @Test func `the operator is told once that an endpoint fails, and not of a bad moment`() {
        var health = EndpointHealth()
        func fail(_ milliseconds: Int64, _ outcome: Outcome = .timedOut) -> EndpointHealth.Verdict {
            health.follow(outcome, now: EndpointHealthTests.start + milliseconds)
        }
        // Nine at one moment, and a success.
        for number in 0..<9 as Range<Int64> {
            let verdict = fail(number)
            #expect(verdict != .fails(.timedOut))
        }
        let found3 = health.follow(.delivered, now: EndpointHealthTests.start + 10)
        #expect(found3 == .recovered)
        // Ten: its breaker opens.
        for number in 0..<9 as Range<Int64> {
            let verdict = fail(number)
            #expect(verdict != .fails(.timedOut))
        }
        let found6 = fail(9)
        let found7 = fail(10)
        #expect(found6 == .fails(.timedOut) && found7 == .unchanged && health.isTold)
        let found8 = health.follow(.delivered, now: EndpointHealthTests.start + 11)
        #expect(found8 == .recovered && !health.isTold)
        // Three over a minute, whoever is to blame.
        let found9 = fail(0)
        let found10 = fail(30_000)
        #expect(found9 == .beganToFail && found10 == .unchanged)
        let found11 = fail(60_000, .nameServerFailed)
        #expect(found11 == .fails(.nameServerFailed))
    }

    @Test func `a success forgets all`() {
        var health = EndpointHealth()
        for hour in 0...119 { _ = health.follow(.timedOut, now: EndpointHealthTests.start + Int64(hour) * 3_600_000) }
        let found12 = health.follow(.delivered, now: EndpointHealthTests.start)
        #expect(found12 == .recovered)
        #expect(health == EndpointHealth())
        let found13 = health.follow(.delivered, now: EndpointHealthTests.start)
        #expect(found13 == .unchanged)
    }

    @Test(arguments: Outcome.allCases.filter { !$0.blamesEndpoint })
    func `what may be our own failure is no evidence`(outcome: Outcome) {
        guard outcome != .delivered else { return }
        let verdicts = EndpointHealthTests.verdicts(Array(0...200), outcome)
        // It is told, and has no consequence.
        #expect(verdicts.filter { $0 != .unchanged } == [.fails(outcome)])
    }

    @Test(arguments: [Outcome.nameServerFailed, .nameTimedOut, .resolveFailed, .proxyFailed, .hostUnreachable])
    func `our name servers, proxy and network are not the endpoint`(outcome: Outcome) {
        #expect(!outcome.blamesEndpoint)
    }

    @Test func `410 disables at once`() {
        var health = EndpointHealth()
        let found14 = health.follow(.gone, now: EndpointHealthTests.start)
        #expect(found14 == .disable(.gone))
    }
}
