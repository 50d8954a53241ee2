import DurableQueue
import LMDB
import Scheduling
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct WriterHealthTests {
    @Test func anAnswer410DisablesTheEndpointForGoodAndPuttingItAgainEnablesIt() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(retry: RetryPolicy(delays: [1, 1, 1], jitterPercent: 0))
        _ = try fixture!.publish([fixture!.record(1)])
        fixture!.report(try fixture!.takeHanded(1), .gone, status: 410)
        try fixture!.waitForStatistics { $0.endpointsDisabled == 1 }
        #expect(try fixture!.publish([fixture!.record(2)]).drafts.map(\.result) == [.acceptedNoMatch])
        fixture!.queue.stop()
        fixture = nil

        fixture = try QueueFixture(folder: folder)
        #expect(try fixture!.publish([fixture!.record(3)]).drafts.map(\.result) == [.acceptedNoMatch])
        #expect(fixture!.handedCount == 0)
        // The failed delivery waited meanwhile, and goes on.
        try await fixture!.provision(retry: RetryPolicy(delays: [1, 1, 1], jitterPercent: 0))
        let again = try fixture!.takeHanded(1)
        #expect(again.map(\.attempt) == [2])
        fixture!.report(again)
        try fixture!.waitForStatistics { $0.delivered == 1 && $0.pending == 0 }
        #expect(try fixture!.publish([fixture!.record(4)]).drafts.map(\.result) == [.accepted])
        fixture!.queue.stop()
    }

    @Test func fiveDaysWithoutASuccessDisableAndOneSuccessForgets() async throws {
        let folder = TemporaryDirectory()
        var fixture: QueueFixture? = try QueueFixture(folder: folder)
        try await fixture!.provision(endpoints: 2, retry: RetryPolicy(delays: [60_000], jitterPercent: 0))
        fixture!.queue.stop()
        fixture = nil
        // Both have been failing for six days.
        do {
            let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 256 << 20)
            let rows = try directory.recover().endpoints
            let transaction = try directory.environment.beginWrite()
            for var row in rows {
                row.value.failingSince = 1_000
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
        #expect(rows.map(\.failingSince) == [nil, 1_000])
        #expect(rows.map(\.disabled?.reason) == [nil, .failing])
    }
}
