import LoadTest
import Testing

@Suite("Exit codes")
struct VerdictTests {
    private func evidence(_ change: (inout Evidence) -> Void = { _ in }) -> Evidence {
        var evidence = Evidence()
        evidence.scheduled = 10_000
        evidence.sloStage = "end_to_end_ms"
        evidence.sloP95 = 1.5
        evidence.sloLimit = 2_000
        change(&evidence)
        return evidence
    }

    @Test("a clean run passes")
    func pass() {
        let verdict = Verdict.decide(evidence())
        #expect(verdict.code == .pass)
        #expect(verdict.reasons == [])
    }

    private static let findings: [(ExitCode, @Sendable (inout Evidence) -> Void)] = [
        (.couldNotRun, { $0.failure = "the connection was lost" }), (.couldNotRun, { $0.refused = 3 }),
        (.sloBroken, { $0.sloP95 = 2_001 }), (.sloBroken, { $0.rejected = 11 }), (.sloBroken, { $0.unsent = 11 }),
        (.lost, { $0.lost = 1 }), (.duplicates, { $0.duplicates = 1 }), (.invalid, { $0.invalidReasons = ["lag"] }),
        (.corrupt, { $0.corrupt = 1 }), (.corrupt, { $0.unverified = 1 }), (.corrupt, { $0.phantom = 1 }),
        (.interrupted, { $0.interrupted = true }),
    ]

    @Test("each finding has its code", arguments: findings)
    func each(code: ExitCode, change: @Sendable (inout Evidence) -> Void) {
        let verdict = Verdict.decide(evidence(change))
        #expect(verdict.code == code)
        #expect(verdict.reasons.count == 1)
    }

    @Test("a proven error decides before slowness, and every reason is reported")
    func order() {
        let verdict = Verdict.decide(
            evidence {
                $0.sloP95 = 9_999
                $0.invalidReasons = ["lag"]
                $0.duplicates = 1
                $0.corrupt = 1
                $0.lost = 1
            })
        #expect(verdict.code == .lost)
        #expect(verdict.reasons.count == 5)
    }

    @Test("duplicates within the budget and a few refused events pass")
    func budgets() {
        let verdict = Verdict.decide(
            evidence {
                $0.duplicates = 2
                $0.duplicatesAllowed = 2
                $0.rejected = 10
            })
        #expect(verdict.code == .pass)
    }
}

@Suite("Validity")
struct ValidityTests {
    private func lag(p99: Double) -> Quantiles {
        var quantiles = StageLatencies().quantiles
        quantiles.p99 = p99
        return quantiles
    }

    @Test("a prompt generator and a steady clock are valid")
    func valid() {
        #expect(Validity.reasons(lag: lag(p99: 10), achieved: 0.99, clockStep: 1_000_000).isEmpty)
        #expect(Validity.reasons(lag: nil, achieved: nil, clockStep: 0).isEmpty)
    }

    @Test("a late generator, a missed rate and a stepped clock are not")
    func invalid() {
        #expect(Validity.reasons(lag: lag(p99: 10.1), achieved: nil, clockStep: 0).count == 1)
        #expect(Validity.reasons(lag: nil, achieved: 0.989, clockStep: 0).count == 1)
        #expect(Validity.reasons(lag: nil, achieved: nil, clockStep: -1_000_001).count == 1)
    }
}
