import DurableQueue
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import Threading
import WebhookModel

@Suite struct WriterHealthTests {
    @Test func anAnswer410DisablesTheEndpointForGoodAndPuttingItAgainEnablesIt() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: RetryPolicy(delays: [1, 1, 1], jitterPercent: 0))
        _ = try fixture!.publish([fixture!.record(1)])
        fixture!.report(try fixture!.takeHanded(1), .gone, status: 410)
        try fixture!.waitForStatistics { $0.endpointsDisabled == 1 }
        // F1: it was ACCEPTED_NO_MATCH, and the endpoint never got it.
        #expect(try fixture!.publish([fixture!.record(2)]).drafts.map(\.result) == [.accepted])
        fixture!.queue.stop()
        fixture = nil

        fixture = try QueueFixture(folder: folder)
        #expect(try fixture!.publish([fixture!.record(3)]).drafts.map(\.result) == [.accepted])
        #expect(fixture!.handedCount == 0)
        // The failed delivery waited meanwhile, as did those of the new events, and all go on.
        try await fixture!.provision(retry: RetryPolicy(delays: [1, 1, 1], jitterPercent: 0))
        let again = try fixture!.takeHanded(3)
        #expect(again.map(\.attempt).sorted() == [1, 1, 2])
        fixture!.report(again)
        try fixture!.waitForStatistics { $0.delivered == 3 && $0.pending == 0 }
        #expect(try fixture!.publish([fixture!.record(4)]).drafts.map(\.result) == [.accepted])
        fixture!.queue.stop()
    }

    @Test func fiveDaysWithoutASuccessDisableAndOneSuccessForgets() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(endpoints: 2, retry: RetryPolicy(delays: [60_000], jitterPercent: 0))
        fixture!.queue.stop()
        fixture = nil
        let stretch = FailingStretch(since: 1_000, sightings: 20, latest: Instant.now().wallMilliseconds - 60_000)
        // Both have been failing for many days.
        do {
            let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
            let rows = try directory.recover().endpoints
            let transaction = try directory.environment.beginWrite()
            for var row in rows {
                row.value.failing = stretch
                try directory.tables.put(row, seal: nil, in: transaction)
            }
            try transaction.commit()
        }
        fixture = try QueueFixture(folder: folder)
        _ = try fixture!.publish([fixture!.record(1)])
        let handed = try fixture!.takeHanded(2)
        fixture!.report(handed.filter { $0.endpoint.number.value == 1 })
        fixture!.report(handed.filter { $0.endpoint.number.value == 2 }, .timedOut, status: 0)
        try fixture!.waitForStatistics { $0.endpointsDisabled == 1 }
        fixture!.queue.stop()
        fixture = nil
        let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
        let rows = try directory.recover().endpoints.map(\.value).sorted { $0.number < $1.number }
        #expect(rows.map(\.failing) == [nil, stretch])
        #expect(rows.map(\.disabled?.reason) == [nil, .failing])
    }

    // F1: one failed attempt on day 0 and one 121 hours later disabled the endpoint.
    @Test(arguments: [DeliveryOrder.none, .byKey(onDeadLetter: .hold), .byKey(onDeadLetter: .skip)])
    func twoFailuresThatAreDaysApartDisableNothing(order: DeliveryOrder) throws {
        let fixture = try WriterFixture()
        try fixture.provision(retry: RetryPolicy(delays: [1], jitterPercent: 0), order: order)
        fixture.publish([1], key: "a")
        try fixture.perform()
        fixture.report(fixture.takeHanded(), .refusedStatus, status: 500)
        try fixture.linger()
        try fixture.settle()
        try fixture.pass(hours: 121)
        fixture.report(fixture.takeHanded(), .refusedStatus, status: 500)
        try fixture.linger()
        try fixture.settle()
        #expect(fixture.statistics.endpointsDisabled == 0)
        let batch = fixture.publish([2], key: "b")
        try fixture.perform()
        #expect(batch.drafts.map(\.result) == [.accepted])
        #expect(fixture.takeHanded().count == 1)
    }

    // F1: what our own name servers, proxy or network do never disables an endpoint.
    @Test(arguments: [Outcome.nameServerFailed, .nameTimedOut, .proxyFailed, .hostUnreachable, .endpointUnusable])
    func fiveDaysOfOurOwnFailuresDisableNothing(outcome: Outcome) throws {
        let fixture = try WriterFixture()
        try fixture.provision(retry: RetryPolicy(delays: Array(repeating: 1, count: 99), jitterPercent: 0))
        fixture.publish(1...3)
        try fixture.perform()
        for _ in 0..<130 {
            fixture.report(fixture.takeHanded(), outcome, status: 0)
            try fixture.linger()
            try fixture.pass(hours: 1)
        }
        #expect(
            fixture.statistics.endpointsDisabled == 0 && fixture.core.registry.record(EndpointNumber(1))?.active == true
        )
    }

    // F1: what came while the server had disabled an endpoint was never stored for it.
    @Test(arguments: [DeliveryOrder.none, .byKey(onDeadLetter: .hold), .byKey(onDeadLetter: .skip)], [false, true])
    func whatComesWhileTheServerDisabledAnEndpointWaits(order: DeliveryOrder, batches: Bool) throws {
        guard order == .none || !batches else { return }
        let fixture = try WriterFixture()
        var settings = fixture.settings(retry: RetryPolicy(delays: [1, 1], jitterPercent: 0), order: order)
        if batches { settings.batch = BatchRule(maxEvents: 10, maxBytes: 100_000, maxWait: 10) }
        _ = fixture.change([
            .putTenant(name: "tenant-1", enabled: true, origin: .api),
            .putEndpoint(tenant: "tenant-1", name: "e1", settings: settings, origin: .api),
        ])
        fixture.publish([1], key: "k")
        try fixture.perform()
        fixture.advance(milliseconds: 20)
        try fixture.settle()
        fixture.report(fixture.takeHanded(), .gone, status: 410)
        try fixture.linger()
        try fixture.settle()
        #expect(fixture.statistics.endpointsDisabled == 1)
        let meanwhile = fixture.publish(2...40, key: "k")
        try fixture.settle()
        #expect(meanwhile.drafts.allSatisfy { $0.result == .accepted })
        fixture.advance(milliseconds: 60_000)
        try fixture.settle()
        #expect(fixture.takeHanded().isEmpty)

        // The same after a restart.
        try fixture.restart()
        let later = fixture.publish([41], key: "k")
        fixture.advance(milliseconds: 60_000)
        try fixture.settle()
        #expect(later.drafts.map(\.result) == [.accepted] && fixture.takeHanded().isEmpty)
        // Its owner writes its settings again: all go out.
        _ = fixture.change([.putEndpoint(tenant: "tenant-1", name: "e1", settings: settings, origin: .api)])
        var delivered = 0
        for _ in 0..<200 where fixture.statistics.pending > 0 {
            fixture.advance(milliseconds: 20)
            try fixture.settle()
            let handed = fixture.takeHanded()
            delivered += handed.reduce(0) { $0 + $1.eventCount }
            fixture.report(handed)
            try fixture.linger()
            try fixture.settle()
        }
        #expect(delivered == 41 && fixture.statistics.delivered == 41 && fixture.statistics.pending == 0)
    }

    // F16: nothing went to the URL that replaced one which had asked for an hour.
    @Test func aPauseEndsWhenTheEndpointGetsAnotherURL() throws {
        let fixture = try WriterFixture()
        try fixture.provision()
        fixture.publish([1])
        try fixture.perform()
        fixture.giveBack(fixture.takeHanded(), pause: 3_600_000)
        try fixture.settle()
        func put(_ url: String) throws {
            _ = fixture.change([
                .putEndpoint(
                    tenant: "tenant-1", name: "e1", settings: fixture.settings(url: url), origin: .provisioned)
            ])
            try fixture.settle()
        }
        try put("https://example.com/")
        #expect(fixture.takeHanded().isEmpty)
        try put("https://new.example.com/")
        #expect(fixture.takeHanded().map(\.endpoint.settings.url) == ["https://new.example.com/"])
    }

    // F5: what came while an endpoint was out for maintenance never arrived.
    @Test func aPausedEndpointKeepsWhatComes() throws {
        let fixture = try WriterFixture()
        var settings = fixture.settings()
        func put(_ fixture: WriterFixture) throws {
            _ = fixture.change([
                .putEndpoint(tenant: "tenant-1", name: "e1", settings: settings, origin: .provisioned)
            ])
            try fixture.settle()
        }
        try fixture.provision()
        settings.paused = true
        try put(fixture)
        let meanwhile = fixture.publish(1...50)
        try fixture.settle()
        #expect(meanwhile.drafts.allSatisfy { $0.result == .accepted } && fixture.takeHanded().isEmpty)
        try fixture.restart()
        fixture.advance(milliseconds: 1_000)
        try fixture.settle()
        #expect(fixture.takeHanded().isEmpty && fixture.statistics.pending == 50)
        settings.paused = false
        try put(fixture)
        var delivered = 0
        while delivered < 50, case let handed = fixture.takeHanded(), !handed.isEmpty {
            delivered += handed.count
            fixture.report(handed)
            try fixture.linger()
            try fixture.settle()
        }
        #expect(delivered == 50)
        // `enabled: false` keeps nothing, and says so.
        settings.enabled = false
        try put(fixture)
        let lost = fixture.publish([51])
        try fixture.settle()
        #expect(lost.drafts.map(\.result) == [.acceptedNoMatch])
        let said = fixture.notices.contains { if case .switchedOff("tenant-1", "e1", _) = $0 { true } else { false } }
        #expect(said)
    }
}
