import LoadTest
import Testing
import WebhookModel

@Suite("Groups of tenants")
struct GroupBooksTests {
    private let identity = RunIdentity(startMilliseconds: 1_800_000_000_000, seed: 1)
    private let start: Int64 = 1_800_000_000_000_000_000

    /// 40 stored events of four tenants, a millisecond apart; `latency` in milliseconds by tenant, nil: never accepted.
    private func reconcile(groups: [TenantGroup], latency: (Int) -> Int64?) -> (Findings, [GroupBooks.Book]) {
        var workload = Workload(tenants: 4)
        workload.groups = groups
        var ledger = Ledger()
        for sequence in 0..<40 {
            ledger.append(intended: Int64(sequence) * 1_000_000)
            ledger[sequence].status = 0
        }
        var reconciliation = Reconciliation(
            ledger: ledger, identity: identity, startWall: start, groups: GroupBooks(workload), bodyHash: { UInt64($0) }
        )
        for sequence in 0..<40 {
            let intended = start + Int64(sequence) * 1_000_000
            let accepted = latency(sequence % 4).map { intended + $0 * 1_000_000 }
            reconciliation.take(
                Reception(
                    id: identity.id(of: sequence), firstSeen: intended, firstAccepted: accepted ?? 0,
                    bodyHash: UInt64(sequence)))
        }
        let findings = reconciliation.finish()
        return (findings, reconciliation.groups.books)
    }

    @Test("each group has its own latencies")
    func apart() {
        let (findings, books) = reconcile(
            groups: [TenantGroup("fast", 0..<2), TenantGroup("slow", 2..<3)], latency: { $0 < 2 ? 1 : 100 })
        #expect(books.map(\.deliverable) == [20, 10])
        #expect(books.map(\.delivered) == [20, 10])
        #expect(books.map { $0.endToEnd.quantiles.p99.rounded() } == [1, 100])
        #expect(findings.delivered == 40)
    }

    @Test("events for a receiver that is silent on purpose are held, others are not")
    func held() {
        let groups = [TenantGroup("silent", 0..<1, isAnswered: false), TenantGroup("others", 1..<4)]
        let (findings, books) = reconcile(groups: groups, latency: { $0 < 2 ? nil : 1 })
        #expect(findings.held == 10)
        #expect(findings.unaccepted == 10)
        #expect(books.map(\.delivered) == [0, 20])
    }

    @Test("Jain's index says how evenly tenants wait")
    func fairness() {
        #expect(Jain.index(of: [3, 3, 3]) == 1)
        #expect(Jain.index(of: [0, 0, 5, 0]) == 0.25)
        #expect(Jain.index(of: [0, 0]) == 1)
        let even = reconcile(groups: [TenantGroup("all", 0..<4)], latency: { _ in 5 }).1[0].fairness
        let uneven = reconcile(groups: [TenantGroup("all", 0..<4)], latency: { $0 == 0 ? 300 : 1 }).1[0].fairness
        #expect(even == 1)
        #expect(uneven.map { $0 < 0.3 } == true)
        #expect(reconcile(groups: [TenantGroup("one", 0..<1)], latency: { _ in 5 }).1[0].fairness == nil)
    }
}
