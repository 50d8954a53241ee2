import DurableQueue
import TestSupport
import Testing
import WebhookModel

@Suite struct BacklogTests {
    @Test func deliveriesOfATransactionCountAtOnceUnlessItFails() {
        var level = BacklogLevel(limit: 3)
        for _ in 0..<3 {
            let answer = level.admits()
            #expect(answer.admits)
            level.plan()
        }
        let full = level.admits()
        #expect(!full.admits && full.isNews && level.pending == 0)
        level.forget()
        let again = level.admits()
        #expect(again.admits && !again.isNews)
        for _ in 0..<2 { level.plan() }
        level.commit()
        #expect(level.pending == 2 && level.planned == 0)
    }

    @Test func aFullBacklogAdmitsEventsWhenATwentiethIsFree() {
        var level = BacklogLevel(limit: 100)
        level.add(100)
        var answers: [BacklogLevel.Answer] = []
        for _ in 0..<7 {
            answers.append(level.admits())
            level.add(-1)
        }
        #expect(answers.map(\.admits) == [false, false, false, false, false, false, true])
        #expect(answers.map(\.isNews) == [true, false, false, false, false, false, true])
    }

    @Test func deliveriesOfARemovedEndpointAreNotCounted() {
        var registry = RegistrySample.registry(tenantBacklog: 10)
        registry.put(RegistrySample.endpoint(7), pending: 10)
        registry.put(RegistrySample.endpoint(8), pending: 2)
        _ = registry.remove(EndpointNumber(7))
        #expect(registry.pending(of: TenantNumber(1)) == 2)
        registry.finished(EndpointNumber(7))
        #expect(registry.pending(of: TenantNumber(1)) == 2)
    }

    @Test func onlyATenantOverItsBacklogIsThrottledUntilItHasRoom() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        var small = Tenant.Settings()
        small.backlog = 40
        try await fixture!.provision(endpoints: 2, of: small)
        try await fixture!.provision(tenant: "tenant-2")
        let records = (1...30).map { fixture!.record($0) }
        let batch = try fixture!.publish(records)
        // Two deliveries each: after twenty events the tenant has its forty.
        #expect(
            batch.drafts.map(\.result) == Array(repeating: .accepted, count: 20)
                + Array(repeating: .throttled, count: 10))
        #expect(batch.drafts.last.map { $0.retryAfter > 0 } == true)
        // What is stored already is said to be, though it is full.
        #expect(try fixture!.publish(Array(records.prefix(1))).drafts.map(\.result) == [.duplicate])
        #expect(try fixture!.publish([fixture!.record(99)], tenant: 2).drafts.map(\.result) == [.accepted])
        fixture!.queue.stop()
        fixture = nil

        // A restart counts what waits.
        fixture = try QueueFixture(folder: folder)
        #expect(try fixture!.publish([fixture!.record(31)]).drafts.map(\.result) == [.throttled])
        var delivered = 0
        while delivered < 41 {
            let handed = try fixture!.takeHanded(1)
            fixture!.report(handed)
            delivered += handed.count
        }
        try fixture!.waitForStatistics { $0.pending == 0 }
        #expect(try fixture!.publish([fixture!.record(31)]).drafts.map(\.result) == [.accepted])
        fixture!.queue.stop()
    }
}
