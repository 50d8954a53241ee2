import Scheduling
import Testing
import WebhookModel

@Suite("EndpointHealth") struct EndpointHealthTests {
    private static let day: Int64 = 86_400_000
    private static let now: Int64 = 1_700_000_000_000

    @Test(
        "what an end means for the endpoint",
        arguments: [
            // outcome, failing for so many days (nil: it works), warned at, verdict
            (Outcome.delivered, nil, 0, EndpointHealth.Verdict.unchanged),
            (.delivered, 2, 1, .recovered),
            (.timedOut, nil, 0, .beganToFail),
            (.timedOut, 0.9, 0, .unchanged),
            (.refusedStatus, 1, 0, .warn(days: 1)),
            (.refusedStatus, 1.5, 1, .unchanged),
            (.refusedStatus, 3, 1, .warn(days: 3)),
            (.connectFailed, 4.9, 3, .unchanged),
            (.connectFailed, 4.9, 0, .warn(days: 3)),
            (.addressForbidden, 5, 3, .disable(.failing)),
            (.gone, nil, 0, .disable(.gone)),
            (.gone, 2, 1, .disable(.gone)),
        ] as [(Outcome, Double?, Int, EndpointHealth.Verdict)])
    func verdicts(outcome: Outcome, failing: Double?, warned: Int, expected: EndpointHealth.Verdict) {
        let since = failing.map { Self.now - Int64($0 * Double(Self.day)) }
        let verdict = EndpointHealth.verdict(on: outcome, failingSince: since, warnedDays: warned, now: Self.now)
        #expect(verdict == expected)
    }
}
