import LoadTest
import Testing
import WebhookModel

/// The checker itself is tested: every kind of damage is planted, and exactly that must be found.
@Suite("The producer's ledger compared with the receiver's accounts")
struct ReconciliationTests {
    private let identity = RunIdentity(startMilliseconds: 1_800_000_000_000, seed: 1)
    private let start: Int64 = 1_800_000_000_000_000_000

    private static func hash(_ sequence: Int) -> UInt64 { UInt64(sequence) &* 31 }

    /// A ledger of events at intervals of a millisecond, all with this status.
    private func ledger(_ count: Int, status: UInt16 = 0) -> Ledger {
        var ledger = Ledger()
        for sequence in 0..<count {
            ledger.append(intended: Int64(sequence) * 1_000_000)
            ledger[sequence].status = status
        }
        return ledger
    }

    /// What a healthy receiver records of an event: seen 2 ms after its time, accepted 3 ms after it.
    private func reception(_ sequence: Int) -> Reception {
        let intended = start + Int64(sequence) * 1_000_000
        return Reception(
            id: identity.id(of: sequence), firstSeen: intended + 2_000_000, firstAccepted: intended + 3_000_000,
            bodyHash: ReconciliationTests.hash(sequence))
    }

    private func compare(_ ledger: Ledger, _ receptions: [Reception], measuredFrom: Int64 = 0) -> (
        Findings, Reconciliation
    ) {
        var reconciliation = Reconciliation(
            ledger: ledger, identity: identity, startWall: start, measuredFrom: measuredFrom,
            bodyHash: ReconciliationTests.hash)
        for reception in receptions { reconciliation.take(reception) }
        return (reconciliation.finish(), reconciliation)
    }

    @Test("a healthy run has no findings")
    func healthy() {
        let (findings, reconciliation) = compare(ledger(100), (0..<100).map(reception))
        var expected = Findings()
        expected.deliverable = 100
        expected.delivered = 100
        #expect(findings == expected)
        #expect(reconciliation.firstReceipt.quantiles.p50 == 2)
        #expect(abs(reconciliation.endToEnd.quantiles.p99 - 3) < 0.01)
    }

    @Test("an acknowledged event that never arrived is missing, and its id is reported")
    func missing() {
        let (findings, _) = compare(ledger(100), (0..<100).filter { $0 != 41 && $0 != 77 }.map(reception))
        #expect(findings.missing == 2)
        #expect(findings.delivered == 98)
        #expect(findings.missingExamples == [identity.id(of: 41).webhookID, identity.id(of: 77).webhookID])
    }

    @Test("an event that arrived and was not accepted waits for a retry, and is not lost")
    func unaccepted() {
        var receptions = (0..<10).map(reception)
        receptions[4].firstAccepted = 0
        let (findings, reconciliation) = compare(ledger(10), receptions)
        #expect(findings.unaccepted == 1)
        #expect(findings.missing == 0)
        #expect(reconciliation.firstReceipt.count == 10)
        #expect(reconciliation.endToEnd.count == 9)
    }

    @Test("an event without an answer is not lost, and may arrive")
    func unanswered() {
        var ledger = ledger(10)
        ledger[3].status = Ledger.unanswered
        ledger[4].status = Ledger.unanswered
        let (findings, _) = compare(ledger, (0..<10).filter { $0 != 4 }.map(reception))
        #expect(findings.missing == 0)
        #expect(findings.phantom == 0)
        #expect(findings.delivered == 9)
    }

    @Test("an event that no endpoint wants is not waited for")
    func noMatch() {
        let (findings, _) = compare(ledger(10, status: 0x0002), [])
        #expect(findings.deliverable == 0)
        #expect(findings.missing == 0)
    }

    @Test("a message that arrives again after its 2xx is a duplicate; a retry before it is not")
    func duplicates() {
        var receptions = (0..<10).map(reception)
        receptions[1].attempts = 3
        receptions[1].duplicates = 2
        receptions[2].attempts = 2
        let (findings, _) = compare(ledger(10), receptions)
        #expect(findings.duplicates == 2)
        #expect(findings.retried == 2)
    }

    @Test("a changed body is corrupt, on the first attempt or a later one")
    func corrupt() {
        var receptions = (0..<10).map(reception)
        receptions[1].bodyHash ^= 1
        receptions[2].bodyChanged = true
        #expect(compare(ledger(10), receptions).0.corrupt == 2)
    }

    @Test("a wrong signature counts where there is a secret")
    func unverified() {
        var receptions = (0..<10).map(reception)
        receptions[1].isVerified = false
        receptions[2].isVerified = nil
        #expect(compare(ledger(10), receptions).0.unverified == 1)
    }

    @Test("a refused or unsent event that arrived is a phantom; a message of another run is foreign")
    func phantoms() {
        var ledger = ledger(10)
        ledger[5].status = 0x0302
        var stranger = reception(1)
        stranger.id = RunIdentity(startMilliseconds: 1, seed: 1).id(of: 1)
        let (findings, _) = compare(ledger, (0..<11).map(reception) + [stranger])
        #expect(findings.phantom == 2)
        #expect(findings.foreign == 1)
    }

    @Test("the warm-up is checked and not measured")
    func warmup() {
        let (findings, reconciliation) = compare(ledger(10), (1..<10).map(reception), measuredFrom: 5_000_000)
        #expect(findings.missing == 1)
        #expect(reconciliation.endToEnd.count == 5)
    }
}
