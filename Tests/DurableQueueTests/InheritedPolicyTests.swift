import DurableQueue
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct InheritedPolicyTests {
    private let fast = RetryPolicy(delays: [1], jitterPercent: 0)

    /// Attempts until the one delivery is a dead letter.
    private func attempts(_ fixture: QueueFixture, _ number: UInt64) throws -> Int {
        let dead = fixture.queue.statistics.deadLettered
        _ = try fixture.publish([fixture.record(number)])
        var attempts = 0
        while fixture.queue.statistics.deadLettered == dead {
            if fixture.handedCount > 0 {
                fixture.report(try fixture.takeHanded(1), .timedOut, status: 0)
                attempts += 1
            }
            try fixture.wait(readsStatistics: true) {
                fixture.handedCount > 0 || fixture.queue.statistics.deadLettered > dead
            }
        }
        return attempts
    }

    @Test func anEndpointWithoutAPolicyUsesItsTenantsOrElseTheServers() async throws {
        var configuration = QueueConfiguration(diskReserveBytes: 0)
        configuration.retry = RetryPolicy(delays: [])
        let fixture = try QueueFixture(configuration: configuration)
        try await fixture.provision(retry: nil)
        #expect(try attempts(fixture, 1) == 1)
        // Only the tenant is put: its endpoint's row stays as it is.
        var settings = Tenant.Settings()
        settings.retry = RetryPolicy(delays: [1, 1], jitterPercent: 0)
        let slow = settings
        try await fixture.queue.change([
            .putTenant(name: "tenant-1", enabled: true, settings: slow, origin: .provisioned)
        ])
        #expect(try attempts(fixture, 2) == 3)
        try await fixture.provision(retry: fast, of: slow)
        #expect(try attempts(fixture, 3) == 2)
        fixture.queue.stop()
    }

    @Test func waitingDeliveriesUseAChangedDefault() async throws {
        let fixture = try QueueFixture()
        var settings = Tenant.Settings()
        settings.retry = fast
        try await fixture.provision(retry: nil, of: settings)
        _ = try fixture.publish([fixture.record(1)])
        fixture.report(try fixture.takeHanded(1), .timedOut, status: 0)
        let second = try fixture.takeHanded(1)
        settings.retry = RetryPolicy(delays: [1, 1], jitterPercent: 0)
        let longer = settings
        try await fixture.queue.change([
            .putTenant(name: "tenant-1", enabled: true, settings: longer, origin: .provisioned)
        ])
        fixture.report(second, .timedOut, status: 0)
        #expect(try fixture.takeHanded(1).map(\.attempt) == [3])
        fixture.queue.stop()
    }
}
