import Testing
import WebhookModel

@Suite struct OutcomeTests {
    /// What stands in stores: a number never changes its meaning (DataLayout.md).
    private static let numbers: [Outcome: UInt8] = [
        .delivered: 0, .redirect: 1, .gone: 2, .throttled: 3, .unavailable: 4, .refusedStatus: 5, .resolveFailed: 16,
        .connectFailed: 17, .tlsFailed: 18, .timedOut: 19, .connectionReset: 20, .answerTooLarge: 21,
        .answerMalformed: 22, .addressForbidden: 32, .endpointUnusable: 33, .recordDamaged: 34, .endpointRemoved: 35,
        .endpointDisabled: 36, .nameNotFound: 48, .nameServerFailed: 49, .nameTimedOut: 50, .connectRefused: 51,
        .connectTimedOut: 52, .hostUnreachable: 53,
        .certificateExpired: 54, .certificateUntrusted: 55, .certificateWrongHost: 56, .certificateNotPinned: 57,
        .tlsHandshakeFailed: 58, .tlsTimedOut: 59, .clientCertificateRefused: 60, .proxyFailed: 61,
    ]

    @Test(arguments: Outcome.allCases) func `each outcome has its number and its name`(outcome: Outcome) {
        #expect(outcome.rawValue == OutcomeTests.numbers[outcome])
        #expect(Outcome.allCases.filter { $0.name == outcome.name } == [outcome])
    }

    @Test(arguments: Outcome.allCases) func `each outcome has its own advice`(outcome: Outcome) {
        let advice = outcome.advice
        #expect(advice.count > 20 && advice.hasSuffix("."))
        #expect(Outcome.allCases.filter { $0.advice == advice } == [outcome])
        // No number of an address, and nothing of the inside.
        #expect(!advice.contains("127.") && !advice.contains("10.") && !advice.lowercased().contains("metadata"))
    }

    @Test func `an outcome that stands for a family has every cause in its family, and a cause only itself`() {
        let families = [Outcome.resolveFailed, .connectFailed, .tlsFailed]
        for outcome in Outcome.allCases {
            #expect(outcome.family.contains(outcome))
            #expect((outcome.family.count > 1) == families.contains(outcome), "\(outcome)")
            // The causes that are told apart: 48 to 60 (`Outcome`).
            let owners = families.filter { $0 != outcome && $0.family.contains(outcome) }
            #expect(owners.count == ((48...60).contains(outcome.rawValue) ? 1 : 0), "\(outcome)")
        }
        #expect(Outcome.connectFailed.family.isSuperset(of: [.connectRefused, .connectTimedOut, .hostUnreachable]))
        #expect(Outcome.resolveFailed.family.isSuperset(of: [.nameNotFound, .nameServerFailed, .nameTimedOut]))
    }

    @Test func `a refused address says only that it is refused`() {
        #expect(!Outcome.addressForbidden.advice.contains("private"))
        #expect(Outcome.addressForbidden.advice.contains("must not"))
    }
}
