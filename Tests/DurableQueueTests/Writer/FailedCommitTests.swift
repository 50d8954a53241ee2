import DurableQueue
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

/// What stays in memory, and what waits, after a transaction that failed or a record that is damaged.
@Suite struct FailedCommitTests {
    // Memory that a failed transaction changed: a tenant stayed over its limit.
    @Test func aFailedCommitLeavesTheBacklogLevel() throws {
        let fixture = try WriterFixture()
        var tenant = Tenant.Settings()
        tenant.backlog = 100
        try fixture.provision(of: tenant)
        fixture.publish(1...96 as ClosedRange<UInt64>)
        try fixture.settle()
        fixture.faults.failCommit(at: fixture.faults.commitCount, with: 28)
        fixture.publish(97...110 as ClosedRange<UInt64>)
        try fixture.perform()
        fixture.advance(milliseconds: Limits.spaceCheckMilliseconds + 1)
        let next = fixture.publish([200])
        try fixture.perform()
        #expect(next.drafts[0].result == .accepted)
    }

    // A batch with a damaged member is dissolved where no batches are made any more: the others waited until the next start.
    @Test func membersOfABrokenBatchGoAloneWhereBatchesAreOff() throws {
        let fixture = try WriterFixture()
        let retry = RetryPolicy(delays: [1_000], jitterPercent: 0)
        try fixture.provision(retry: retry)
        var settings = fixture.settings(retry: retry)
        settings.batch = BatchRule(maxEvents: 3, maxWait: 60_000)
        _ = fixture.change([.putEndpoint(tenant: "tenant-1", name: "e1", settings: settings, origin: .provisioned)])
        fixture.publish([1, 2, 3])
        try fixture.settle()
        fixture.report(fixture.takeHanded(), .refusedStatus, status: 500)
        try fixture.linger()
        try fixture.settle()
        settings.batch = nil
        _ = fixture.change([.putEndpoint(tenant: "tenant-1", name: "e1", settings: settings, origin: .provisioned)])
        try fixture.settle()
        do {
            let transaction = try fixture.core.directory.environment.beginWrite()
            let row = try transaction.reserve(try transaction.open("events"), Key(2 as UInt64), count: 3)
            row.copyBytes(from: [9, 9, 9])
            try transaction.commit()
        }
        fixture.advance(milliseconds: 2_000)
        try fixture.settle()
        #expect(Set(fixture.takeHanded().map(\.event.position.value)) == [1, 3])
    }
}
