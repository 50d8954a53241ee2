import DurableQueue
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

// F2: 50 deliveries waited, their endpoint was renamed in the file and renamed back a second later: none arrived.
@Suite struct EndpointRemovalTests {
    private static let day = 24

    /// How the endpoint delivers.
    enum Manner: CaseIterable {
        case single, byKeyHold, byKeySkip, batches

        var settings: Endpoint.Settings {
            var settings = Endpoint.Settings(
                url: "https://example.com/", secrets: [Sample.secret], retry: RetryPolicy(delays: [1], jitterPercent: 0)
            )
            switch self {
            case .single: break
            case .byKeyHold: settings.order = .byKey(onDeadLetter: .hold)
            case .byKeySkip: settings.order = .byKey(onDeadLetter: .skip)
            case .batches: settings.batch = BatchRule(maxEvents: 10, maxBytes: 100_000, maxWait: 10)
            }
            return settings
        }
    }

    /// 50 events for one endpoint whose breaker is open: some were handed over and given back, the rest waits.
    private func waiting(_ manner: Manner) throws -> WriterFixture {
        let fixture = try WriterFixture()
        _ = fixture.change([
            .putTenant(name: "tenant-1", enabled: true, origin: .provisioned),
            .putEndpoint(tenant: "tenant-1", name: "e1", settings: manner.settings, origin: .provisioned),
        ])
        try fixture.perform()
        for number in 1...50 as ClosedRange<UInt64> { fixture.publish([number], key: "\(number % 3)") }
        try fixture.settle()
        fixture.advance(milliseconds: 20)
        try fixture.settle()
        fixture.giveBack(fixture.takeHanded(), pause: 30_000)
        try fixture.settle()
        #expect(fixture.statistics.pending == 50)
        return fixture
    }

    private func remove(_ name: String) -> TenancyChange { .removeEndpoint(tenant: "tenant-1", name: name) }

    private func put(_ name: String, _ manner: Manner) -> TenancyChange {
        .putEndpoint(tenant: "tenant-1", name: name, settings: manner.settings, origin: .provisioned)
    }

    /// Delivers what is due, until nothing waits.
    private func deliverAll(_ fixture: WriterFixture) throws -> Set<UInt64> {
        var seen: Set<UInt64> = []
        for _ in 0..<400 where fixture.statistics.pending > 0 {
            fixture.advance(milliseconds: 1_000)
            try fixture.settle()
            let handed = fixture.takeHanded()
            for delivery in handed { seen.formUnion((delivery.batch?.events ?? [delivery.event]).map(\.id.low)) }
            fixture.report(handed)
            try fixture.linger()
            try fixture.settle()
        }
        return seen
    }

    @Test(arguments: Manner.allCases, [false, true])
    func whatWaitsForAnEndpointSurvivesARenameAndBack(manner: Manner, restarts: Bool) throws {
        let fixture = try waiting(manner)
        _ = fixture.change([put("e2", manner), remove("e1")])
        try fixture.settle()
        let said = fixture.notices.contains {
            if case .removed("tenant-1", "e1", 50, _) = $0 { true } else { false }
        }
        #expect(said)
        if restarts { try fixture.restart() }
        fixture.advance(milliseconds: 60_000)
        try fixture.settle()
        // Nothing goes to the removed one.
        #expect(fixture.takeHanded().isEmpty && fixture.statistics.pending == 50)
        _ = fixture.change([put("e1", manner), remove("e2")])
        try fixture.settle()
        #expect(try deliverAll(fixture) == Set(1...50))
        #expect(fixture.statistics.delivered == 50 && fixture.statistics.deadLettered == 0)
        #expect(fixture.statistics.cancelled == 0)
    }

    /// Removed and created again in one change.
    @Test(arguments: Manner.allCases) func theSameInOneChange(manner: Manner) throws {
        let fixture = try waiting(manner)
        _ = fixture.change([remove("e1"), put("e1", manner)])
        try fixture.settle()
        #expect(try deliverAll(fixture) == Set(1...50))
    }

    @Test(arguments: Manner.allCases, [false, true])
    func whatWaitsTooLongBecomesDeadLettersThatCanBeDeliveredAgain(manner: Manner, restarts: Bool) throws {
        let fixture = try waiting(manner)
        _ = fixture.change([remove("e1")])
        try fixture.pass(hours: 23)
        #expect(fixture.statistics.pending == 50 && fixture.statistics.deadLettered == 0)
        if restarts { try fixture.restart() }
        try fixture.pass(hours: 2)
        #expect(fixture.statistics.pending == 0 && fixture.statistics.deadLettered == 50)
        #expect(fixture.core.registry.record(EndpointNumber(1))?.pending == 0)
        let (tables, environment) = (fixture.core.directory.tables, fixture.core.directory.environment)
        let letters = try environment.read { snapshot throws(LMDBError) in
            var walk = DeadLetterWalk(DeadLetterQuery())
            return try walk.next(tables, found: 100, scanned: 1_000, in: snapshot)
        }
        #expect(letters.count == 50 && letters.allSatisfy { $0.outcome == .endpointRemoved })

        // Nobody to deliver to; then it is created again.
        let refused = redeliver(fixture)
        try fixture.settle()
        #expect(try refused.value.first?.get().withoutEndpoint == 50)
        _ = fixture.change([put("e1", manner)])
        try fixture.settle()
        let again = redeliver(fixture)
        try fixture.settle()
        #expect(try again.value.first?.get().deliveries == 50)
        #expect(try deliverAll(fixture) == Set(1...50))
        #expect(fixture.statistics.delivered == 50)
    }

    private func redeliver(_ fixture: WriterFixture) -> WriterFixture.Box<[Result<Redelivered, TenancyError>]> {
        let answers = WriterFixture.Box<[Result<Redelivered, TenancyError>]>([])
        fixture.give(.redeliver(DeadLetterFilter(), CommandReply { answers.value.append($0) }))
        return answers
    }

    @Test func whatWaitsForARemovedEndpointDoesNotThrottleItsTenant() throws {
        let fixture = try WriterFixture()
        try fixture.provision(
            of: {
                var settings = Tenant.Settings()
                settings.backlog = 20
                return settings
            }())
        fixture.publish(1...20)
        try fixture.settle()
        _ = fixture.change([remove("e1")])
        try fixture.settle()
        let accepted = fixture.publish([21])
        try fixture.settle()
        #expect(accepted.drafts.map(\.result) == [.acceptedNoMatch])
        #expect(fixture.core.registry.pending(of: TenantNumber(1)) == 0)
        _ = fixture.change([put("e1", .single)])
        try fixture.settle()
        #expect(fixture.core.registry.pending(of: TenantNumber(1)) == 20)
    }

    @Test func theRowOfAnEndpointThatWasRemovedLongAgoIsForgotten() throws {
        let fixture = try waiting(.single)
        _ = fixture.change([remove("e1")])
        try fixture.pass(hours: 31 * Self.day + 2)
        #expect(fixture.core.registry.record(EndpointNumber(1)) == nil)
        try fixture.restart()
        #expect(fixture.core.registry.record(EndpointNumber(1)) == nil)
        _ = fixture.change([put("e1", .single)])
        try fixture.settle()
        #expect(fixture.core.registry.record(EndpointNumber(2))?.endpoint.name == "e1")
    }

    @Test func namesThatAreInventedWithoutEndAreGivenUp() throws {
        let fixture = try WriterFixture()
        try fixture.provision(endpoints: 0)
        for number in 1...(Limits.removedEndpointsPerTenant + 3) {
            _ = fixture.change([put("x\(number)", .single)])
            _ = fixture.change([remove("x\(number)")])
            try fixture.perform()
        }
        fixture.advance(milliseconds: 11_000)
        try fixture.settle()
        let given = fixture.core.registry.record(EndpointNumber(1))
        #expect(given?.isGivenUp ?? true)
    }

    // F1: what waits for an endpoint that the server disabled does not wait for ever: it would fill its tenant's backlog.
    @Test(arguments: Manner.allCases) func whatWaitsForADisabledEndpointBecomesDeadLettersAfterThreeDays(manner: Manner)
        throws
    {
        let fixture = try waiting(manner)
        fixture.advance(milliseconds: 31_000)
        try fixture.settle()
        let handed = fixture.takeHanded()
        fixture.report(Array(handed.prefix(1)), .gone, status: 410)
        fixture.giveBack(Array(handed.dropFirst()), pause: 1_000)
        try fixture.linger()
        try fixture.pass(hours: 71)
        #expect(fixture.statistics.pending == 50)
        try fixture.pass(hours: 2)
        #expect(fixture.statistics.pending == 0 && fixture.statistics.deadLettered == 50)
        // What comes now goes the same way, and nothing is lost.
        let later = fixture.publish(51...60, key: "a")
        for _ in 0..<30 {
            try fixture.settle()
            fixture.advance(milliseconds: 2)
        }
        try fixture.settle()
        #expect(later.drafts.allSatisfy { $0.result == .accepted })
        #expect(fixture.statistics.pending == 0 && fixture.statistics.deadLettered == 60)
        // Enabled again, it works.
        _ = fixture.change([put("e1", manner)])
        fixture.publish([61], key: "a")
        try fixture.settle()
        #expect(try deliverAll(fixture) == [61])
    }
}
