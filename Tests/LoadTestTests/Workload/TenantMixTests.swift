import LoadTest
import Testing

@Suite("Events per tenant")
struct TenantMixTests {
    @Test("a round has each tenant as often as its weight, evenly spaced")
    func weights() {
        let mix = TenantMix([(0..<3, 1), (3..<4, 10), (4..<100, 1)])
        #expect(mix.roundCount == 109)
        var turns: [Int: [Int]] = [:]
        for sequence in 0..<109 { turns[mix.tenant(of: sequence), default: []].append(sequence) }
        #expect(turns.count == 100)
        #expect(turns[3]?.count == 10)
        #expect(turns.filter { $0.key != 3 }.allSatisfy { $0.value.count == 1 })
        // Ten in 109: one in eleven, but where the others' turn comes all at once.
        let gaps = zip(turns[3] ?? [], (turns[3] ?? []).dropFirst()).map { $1 - $0 }
        #expect(gaps.allSatisfy { $0 < 109 })
        #expect(mix.tenant(of: 109) == mix.tenant(of: 0))
    }

    @Test("a tenant without a share gets no events")
    func absent() {
        let mix = TenantMix([(5..<8, 1)])
        #expect(Set((0..<30).map(mix.tenant)) == [5, 6, 7])
    }

    @Test("without a mix tenants take turns")
    func plain() {
        var workload = Workload(tenants: 10)
        #expect(workload.tenantIndex(of: 13) == 3)
        workload.mix = TenantMix([(9..<10, 1)])
        #expect(workload.tenantIndex(of: 13) == 9)
    }
}

@Suite("Endpoint layouts")
struct EndpointLayoutTests {
    private func layout(tenants: Int, hosts: Int) -> [Substring] {
        EndpointLayout(
            workload: Workload(tenants: tenants), hosts: hosts, port: 7_500, secretFile: "/run/secret",
            keyFile: "/run/key"
        ).provisioning.split(separator: "\n")
    }

    @Test("one host: one block that repeats")
    func one() {
        let lines = layout(tenants: 10_000, hosts: 1)
        #expect(lines.contains("    repeat: 10000"))
        #expect(lines.contains(#"        url: "http://127.0.0.1:7500/tenant-{n}""#))
        #expect(lines.count < 20)
    }

    @Test("separate hosts: each tenant has its own entry, with the path of its events")
    func many() {
        let lines = layout(tenants: 300, hosts: 300)
        #expect(lines.filter { $0.hasPrefix("  - name: \"tenant-") }.count == 300)
        #expect(lines.filter { $0.contains(#""http://127.0.1.44:7500/tenant-299""#) }.count == 1)
        #expect(lines.allSatisfy { !$0.contains("{n}") })
    }

    @Test("HTTPS and a window are written for every endpoint", arguments: [1, 3])
    func secureWithWindow(hosts: Int) {
        let layout = EndpointLayout(
            workload: Workload(tenants: 3), hosts: hosts, port: 7_500, secretFile: "/run/secret", keyFile: "/run/key",
            isSecure: true, window: 64)
        let lines = layout.provisioning.split(separator: "\n")
        let endpoints = hosts == 1 ? 1 : 3
        #expect(lines.filter { $0.contains("\"https://127.0.0.") }.count == endpoints)
        #expect(lines.filter { $0.contains("window: 64") }.count == endpoints)
    }

    @Test("all hosts are loopback addresses, and different")
    func hosts() {
        let hosts = (0..<100_000).map(EndpointLayout.host)
        #expect(Set(hosts).count == 100_000)
        #expect(hosts.first == "127.0.0.1")
        #expect(hosts.last == "127.1.134.160")
    }
}
