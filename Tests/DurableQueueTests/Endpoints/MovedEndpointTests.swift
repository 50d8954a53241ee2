import DurableQueue
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

/// What was found out about a URL ends with it and is kept over a restart; what a sender holds does not go to a URL that was replaced (F16).
@Suite struct MovedEndpointTests {
    private let hour: Int64 = 3_600_000
    private let retry = RetryPolicy(delays: [1, 1, 1], jitterPercent: 0)

    private func fixture() throws -> WriterFixture {
        let fixture = try WriterFixture()
        try fixture.provision(retry: retry)
        return fixture
    }

    private func put(
        _ fixture: WriterFixture, url: String = "https://example.com/",
        _ edit: (inout Endpoint.Settings) -> Void = { _ in }
    ) throws {
        var settings = fixture.settings(url: url, retry: retry)
        edit(&settings)
        _ = fixture.change([.putEndpoint(tenant: "tenant-1", name: "e1", settings: settings, origin: .provisioned)])
        try fixture.settle()
    }

    /// Reports, and lets the policy's delay pass.
    private func report(
        _ deliveries: [DueDelivery], _ outcome: Outcome, status: UInt16, retryAfter: Int64 = 0, _ fixture: WriterFixture
    ) throws {
        fixture.report(deliveries, outcome, status: status, retryAfter: retryAfter)
        try fixture.linger()
        try fixture.settle()
        fixture.advance(milliseconds: 50)
        try fixture.settle()
    }

    private func holds(_ fixture: WriterFixture) -> [Int64] {
        fixture.notices.compactMap { notice in
            if case .held(_, _, let seconds) = notice { seconds } else { nil }
        }
    }

    // MARK: Holds

    // A restart forgot the hold of an unchanged URL.
    @Test func aRestartKeepsTheHoldOfAnUnchangedURL() throws {
        let fixture = try fixture()
        fixture.publish(1...2)
        try fixture.settle()
        try report(fixture.takeHanded(), .unavailable, status: 503, retryAfter: hour, fixture)
        try fixture.restart()
        fixture.publish([3])
        try fixture.settle()
        fixture.advance(milliseconds: hour - 1_000)
        try fixture.settle()
        #expect(fixture.takeHanded().isEmpty && fixture.statistics.pending == 3)
        fixture.advance(milliseconds: 1_001)
        try fixture.settle()
        #expect(fixture.takeHanded().count == 3)
    }

    // After `Retry-After: 3600` the URL was mended, and nothing went to the new one: the delivery that was answered so waited an hour too.
    @Test(arguments: [false, true])
    func anotherURLStartsAnew(restarts: Bool) throws {
        let fixture = try fixture()
        fixture.publish(1...2)
        try fixture.settle()
        try report(fixture.takeHanded(), .unavailable, status: 503, retryAfter: hour, fixture)
        try put(fixture) { $0.window = 3 }
        #expect(fixture.takeHanded().isEmpty)
        if restarts {
            try fixture.restart()
            try fixture.settle()
        }
        try put(fixture, url: "https://new.example.com/")
        let handed = fixture.takeHanded()
        #expect(handed.map(\.endpoint.settings.url) == Array(repeating: "https://new.example.com/", count: 2))
        #expect(handed.map(\.attempt) == [2, 2])
    }

    @Test func aHoldIsToldOnce() throws {
        let fixture = try fixture()
        fixture.publish(1...3)
        try fixture.settle()
        for delivery in fixture.takeHanded() {
            try report([delivery], .throttled, status: 429, retryAfter: hour, fixture)
        }
        #expect(holds(fixture) == [3_600])
        let row = fixture.core.registry.record(EndpointNumber(1))?.row.value
        #expect(row?.heldUntil.map { $0 > fixture.now + hour - 1_000 } == true)
        // When it is over and the endpoint asks again, that is news.
        fixture.advance(milliseconds: hour)
        try fixture.settle()
        try report(fixture.takeHanded(), .throttled, status: 429, retryAfter: 2 * hour, fixture)
        #expect(holds(fixture) == [3_600, 7_200])
    }

    @Test func aShortHoldIsNeitherStoredNorTold() throws {
        let fixture = try fixture()
        fixture.publish([1])
        try fixture.settle()
        try report(
            fixture.takeHanded(), .throttled, status: 429, retryAfter: Limits.storedHoldMilliseconds - 1, fixture)
        #expect(holds(fixture).isEmpty && fixture.core.registry.record(EndpointNumber(1))?.row.value.heldUntil == nil)
        // The delivery itself waits as long, also over a restart.
        try fixture.restart()
        fixture.advance(milliseconds: Limits.storedHoldMilliseconds - 1_000)
        try fixture.settle()
        #expect(fixture.takeHanded().isEmpty)
        fixture.advance(milliseconds: 1_001)
        try fixture.settle()
        #expect(fixture.takeHanded().count == 1)
    }

    @Test func aBreakerThatStaysOpenIsKeptOverARestart() throws {
        let fixture = try fixture()
        fixture.publish([1])
        try fixture.settle()
        fixture.giveBack(fixture.takeHanded(), pause: 5 * 60_000)
        try fixture.settle()
        try fixture.restart()
        fixture.advance(milliseconds: 4 * 60_000)
        try fixture.settle()
        #expect(fixture.takeHanded().isEmpty && holds(fixture).isEmpty)
        fixture.advance(milliseconds: 61_000)
        try fixture.settle()
        #expect(fixture.takeHanded().count == 1)
    }

    // MARK: Late results

    @Test func aLate410OfTheOldURLDisablesNothing() throws {
        let fixture = try fixture()
        fixture.publish([1])
        try fixture.settle()
        let old = fixture.takeHanded()
        try put(fixture, url: "https://new.example.com/")
        try report(old, .gone, status: 410, fixture)
        #expect(fixture.statistics.endpointsDisabled == 0)
        let again = fixture.takeHanded()
        #expect(again.map(\.endpoint.settings.url) == ["https://new.example.com/"] && again.map(\.attempt) == [2])
        try report(again, .gone, status: 410, fixture)
        #expect(fixture.statistics.endpointsDisabled == 1)
    }

    @Test func aLateFailureOrPauseOfTheOldURLSaysNothingAboutTheNew() throws {
        let fixture = try fixture()
        fixture.publish(1...3)
        try fixture.settle()
        let old = fixture.takeHanded()
        try put(fixture, url: "https://new.example.com/")
        try report([old[0]], .unavailable, status: 503, retryAfter: hour, fixture)
        fixture.giveBack([old[1]], pause: hour)
        try fixture.settle()
        #expect(fixture.takeHanded().map(\.event.position.value).sorted() == [1, 2])
        #expect(fixture.core.registry.record(EndpointNumber(1))?.row.value.failing == nil && holds(fixture).isEmpty)
        // A late success does not end a failing stretch of the new one either.
        fixture.publish([4])
        try fixture.settle()
        try report(fixture.takeHanded(), .refusedStatus, status: 500, fixture)
        try report([old[2]], .delivered, status: 200, fixture)
        #expect(fixture.core.registry.record(EndpointNumber(1))?.row.value.failing != nil)
    }

    @Test func failingGoesOnWhenOtherSettingsChangeAndEndsWithTheURL() throws {
        let fixture = try fixture()
        fixture.publish([1])
        try fixture.settle()
        try report(fixture.takeHanded(), .refusedStatus, status: 500, fixture)
        let since = fixture.core.registry.record(EndpointNumber(1))?.row.value.failing?.since
        #expect(since != nil)
        fixture.advance(milliseconds: 1_000)
        try put(fixture) { $0.window = 3 }
        #expect(fixture.core.registry.record(EndpointNumber(1))?.row.value.failing?.since == since)
        try put(fixture, url: "https://new.example.com/")
        #expect(fixture.core.registry.record(EndpointNumber(1))?.row.value.failing == nil)
    }

    // MARK: What a sender holds

    @Test func whatASenderHoldsIsRetiredWithEachChangeAndGoesOnAfterwards() throws {
        let fixture = try fixture()
        fixture.publish(1...2)
        try fixture.settle()
        var held = fixture.takeHanded()
        #expect(held.count == 2 && held.allSatisfy { !$0.endpoint.isRetired })
        func comesBack() throws {
            #expect(held.allSatisfy { $0.endpoint.isRetired })
            fixture.giveBack(held, pause: 0)
            try fixture.settle()
            held = fixture.takeHanded()
            #expect(held.count == 2 && held.allSatisfy { !$0.endpoint.isRetired && $0.attempt == 1 })
        }
        func waits(_ begin: () throws -> Void, _ end: () throws -> Void) throws {
            try begin()
            #expect(held.allSatisfy { $0.endpoint.isRetired })
            fixture.giveBack(held, pause: 0)
            try fixture.settle()
            #expect(fixture.takeHanded().isEmpty && fixture.statistics.pending == 2)
            try end()
            held = fixture.takeHanded()
            #expect(held.count == 2 && held.allSatisfy { !$0.endpoint.isRetired && $0.attempt == 1 })
        }
        func putTenant(enabled: Bool) throws {
            _ = fixture.change([
                .putTenant(name: "tenant-1", enabled: enabled, settings: Tenant.Settings(), origin: .provisioned)
            ])
            try fixture.settle()
        }
        try put(fixture, url: "https://new.example.com/")
        try comesBack()
        try put(fixture) { $0.secrets = [EndpointSecret("whsec_bmV3IHNlY3JldCBvZiAyNCBieXRlcyE=")] }
        try comesBack()
        try waits({ try put(fixture) { $0.paused = true } }, { try put(fixture) })
        try waits({ try put(fixture) { $0.enabled = false } }, { try put(fixture) })
        try waits({ try putTenant(enabled: false) }, { try putTenant(enabled: true) })
        try waits(
            {
                _ = fixture.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
                try fixture.settle()
            }, { try put(fixture) })
        // The server disables it: one of two was answered 410.
        try report([held.removeFirst()], .gone, status: 410, fixture)
        #expect(held.allSatisfy { $0.endpoint.isRetired })
        try report(held, .delivered, status: 200, fixture)
    }
}
