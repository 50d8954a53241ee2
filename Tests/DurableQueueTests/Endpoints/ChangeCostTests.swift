import DurableQueue
import Glibc
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct ChangeCostTests {
    // D10: a change touches its endpoint and no other. The figure is printed; real LMDB, no fsync.
    @Test func aChangeAmongTenThousandEndpointsTouchesOne() throws {
        let fixture = try WriterFixture()
        for tenant in 1...10 { try fixture.provision(tenant: "tenant-\(tenant)", endpoints: 1_000) }
        let registry = fixture.core.registry
        let before = Dictionary(
            uniqueKeysWithValues: registry.endpointNumbers.map { ($0, ObjectIdentifier(registry.endpoint($0)!)) })
        #expect(before.count == 10_000)
        let edits = fixture.edits.count
        let start = ChangeCostTests.threadNanoseconds()
        for change in 1...100 {
            let answer = fixture.change([
                .putEndpoint(
                    tenant: "tenant-\(change % 10 + 1)", name: "e\(change)",
                    settings: fixture.settings(url: "https://example.org/\(change)"), origin: .api)
            ])
            try fixture.perform()
            #expect(try answer.value[0].get()[0].revision == 2)
        }
        let took = ChangeCostTests.threadNanoseconds() - start
        print("100 changes among 10,000 endpoints: \(took / 100_000) µs of CPU each, without fsync")
        #expect(fixture.edits.count == edits + 100)
        let after = fixture.core.registry
        let changed = before.filter { after.endpoint($0.key).map(ObjectIdentifier.init) != $0.value }
        #expect(changed.count == 100)
    }

    private static func threadNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
