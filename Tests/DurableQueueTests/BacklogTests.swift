import DurableQueue
import TestSupport
import Testing
import WebhookModel

@Suite struct BacklogTests {
    private static let tenant = TenantNumber(1)
    private static let endpoint = EndpointNumber(7)

    private func backlog(limit: Int, pending: Int = 0) -> Backlog {
        var backlog = Backlog()
        backlog.put(Self.tenant, limit: limit)
        backlog.put(Self.endpoint, of: Self.tenant, pending: pending)
        return backlog
    }

    @Test func aTransactionsOwnDeliveriesCountAtOnceAndAFailedOneLeavesNoTrace() {
        var backlog = backlog(limit: 3)
        backlog.begin()
        for _ in 0..<3 {
            let admitted = backlog.admits(Self.tenant)
            #expect(admitted)
            backlog.plan(Self.endpoint)
        }
        var admitted = backlog.admits(Self.tenant)
        #expect(!admitted)
        #expect(backlog.pending(of: Self.tenant) == 0)
        backlog.begin()
        admitted = backlog.admits(Self.tenant)
        #expect(admitted)
        for _ in 0..<2 { backlog.plan(Self.endpoint) }
        backlog.commit()
        #expect(backlog.pending(of: Self.tenant) == 2)
    }

    @Test func onceFullItTakesMoreOnlyWhenATwentiethIsFree() {
        var backlog = backlog(limit: 100, pending: 100)
        backlog.begin()
        var answers: [Bool] = []
        for _ in 0..<7 {
            answers.append(backlog.admits(Self.tenant))
            backlog.finished(Self.endpoint)
        }
        #expect(answers == [false, false, false, false, false, false, true])
        let news = backlog.takeNews()
        #expect(news.map(\.isOver) == [true, false])
    }

    @Test func aRemovedEndpointsDeliveriesCountNoLonger() {
        var backlog = backlog(limit: 10, pending: 10)
        backlog.put(EndpointNumber(8), of: Self.tenant, pending: 2)
        backlog.remove(Self.endpoint)
        #expect(backlog.pending(of: Self.tenant) == 2)
        backlog.finished(Self.endpoint)
        #expect(backlog.pending(of: Self.tenant) == 2)
    }

    @Test func aTenantOverItsBacklogIsThrottledAloneAndTakesEventsAgainLater() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        var small = Tenant.Settings()
        small.backlog = 40
        try await fixture!.provision(endpoints: 2, of: small)
        try await fixture!.provision(tenant: "tenant-2")
        let records = (1...30).map { fixture!.record($0) }
        let batch = fixture!.publish(records)
        // Two deliveries each: after twenty events the tenant has its forty.
        #expect(
            batch.drafts.map(\.result) == Array(repeating: .accepted, count: 20)
                + Array(repeating: .throttled, count: 10))
        #expect(batch.drafts.last.map { $0.retryAfter > 0 } == true)
        // What is stored already is said to be, though it is full.
        #expect(fixture!.publish(Array(records.prefix(1))).drafts.map(\.result) == [.duplicate])
        #expect(fixture!.publish([fixture!.record(99)], tenant: 2).drafts.map(\.result) == [.accepted])
        fixture!.queue.stop()
        fixture = nil

        // A restart counts what waits.
        fixture = try QueueFixture(folder: folder)
        #expect(fixture!.publish([fixture!.record(31)]).drafts.map(\.result) == [.throttled])
        var delivered = 0
        while delivered < 41 {
            let handed = fixture!.takeHanded(1)
            fixture!.report(handed)
            delivered += handed.count
        }
        fixture!.waitForStatistics { $0.pending == 0 }
        #expect(fixture!.publish([fixture!.record(31)]).drafts.map(\.result) == [.accepted])
        fixture!.queue.stop()
    }
}
