import Sender
import Settings
import Testing
import Threading
import WebhookModel

@Suite("ResolverPool", .timeLimit(.minutes(1)))
struct ResolverPoolTests {
    @Test("the machine's own name for itself is found, a name that cannot exist is not")
    func system() async {
        let pool = ResolverPool()
        defer { pool.stop() }
        guard case .found(let addresses) = await pool.answer(for: "localhost") else {
            Issue.record("localhost has no address")
            return
        }
        #expect(addresses.contains { $0 == IPAddress("127.0.0.1") || $0 == IPAddress("::1") })
        // Without any name server the second is said.
        let none = await pool.answer(for: "no-such-host.invalid")
        #expect(none == .failed(.notFound) || none == .failed(.serverFailed))
    }

    @Test("one tenant's slow names leave threads to others")
    func slowTenant() async {
        let slow = ["slow-1": Bell(), "slow-2": Bell()]
        let pool = ResolverPool(threads: 3, perTenant: 2) { host in
            slow[host]?.wait()
            return .found([IPAddress(v4: 0x0808_0808)])
        }
        defer { pool.stop() }
        for host in slow.keys { pool.submit(NameLookup(host: host, tenant: TenantNumber(1))) { _, _ in } }
        for _ in 0..<20 { #expect(await pool.answer(for: "quick", tenant: 2) == .found([IPAddress(v4: 0x0808_0808)])) }
        for bell in slow.values { bell.ring() }
    }
}

extension ResolverPool {
    fileprivate func answer(for host: String, tenant: UInt32 = 1) async -> NameAnswer {
        await withCheckedContinuation { continuation in
            submit(NameLookup(host: host, tenant: TenantNumber(tenant))) { _, answer in
                continuation.resume(returning: answer)
            }
        }
    }
}
