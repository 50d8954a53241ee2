import Sender
import Testing
import Threading
import WebhookModel

@Suite("ResolverPool", .timeLimit(.minutes(1)))
struct ResolverPoolTests {
    @Test("the machine's own name for itself is found, a name that cannot exist is not")
    func system() async {
        let pool = ResolverPool()
        defer { pool.stop() }
        #expect(
            await pool.addresses(of: "localhost").contains { $0 == IPAddress("127.0.0.1") || $0 == IPAddress("::1") })
        #expect(await pool.addresses(of: "no-such-host.invalid").isEmpty)
    }

    @Test("one tenant's slow names leave threads to others")
    func slowTenant() async {
        let slow = ["slow-1": Bell(), "slow-2": Bell()]
        let pool = ResolverPool(threads: 3, perTenant: 2) { host in
            slow[host]?.wait()
            return [IPAddress(v4: 0x0808_0808)]
        }
        defer { pool.stop() }
        for host in slow.keys { pool.submit(NameLookup(host: host, tenant: TenantNumber(1))) { _, _ in } }
        for _ in 0..<20 { #expect(await pool.addresses(of: "quick", tenant: 2).count == 1) }
        for bell in slow.values { bell.ring() }
    }
}

extension ResolverPool {
    fileprivate func addresses(of host: String, tenant: UInt32 = 1) async -> [IPAddress] {
        await withCheckedContinuation { continuation in
            submit(NameLookup(host: host, tenant: TenantNumber(tenant))) { _, addresses in
                continuation.resume(returning: addresses)
            }
        }
    }
}
