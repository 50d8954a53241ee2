import Sender
import Settings
import TestSupport
import Testing
import WebhookModel

@Suite("AddressMemory")
struct AddressMemoryTests {
    private let second: Int64 = 1_000_000_000
    private let target: EndpointTarget
    private let route: Route

    init() throws {
        target = try EndpointTarget(Sample.endpoint(url: "https://a.example/"), allowHTTP: false)
        let others = (2...3).map { [target] in Route(to: target, address: IPAddress(v4: 0x0808_0800 + $0)) }
        route = Route(to: target, address: IPAddress(v4: 0x0808_0801), others: others)
    }

    @Test("an address that failed is tried last, for five minutes")
    func avoided() {
        var memory = AddressMemory()
        #expect(memory.best(of: route, now: 0) === route)
        memory.avoid(route, now: 0)
        #expect(memory.best(of: route, now: 0) === route.others[0])
        #expect(memory.rest(of: route, after: route.others[0], now: 0).map(\.text) == ["8.8.8.3", "8.8.8.1"])
        memory.avoid(route.others[0], now: second)
        #expect(memory.best(of: route, now: second) === route.others[1])
        #expect(memory.best(of: route, now: 300 * second) === route)
        #expect(memory.rest(of: route, after: route, now: 300 * second).map(\.text) == ["8.8.8.3", "8.8.8.2"])
    }

    @Test("where all are avoided, the resolver's first is tried; one that connects is trusted again")
    func all() {
        var memory = AddressMemory()
        for each in [route] + route.others { memory.avoid(each, now: 0) }
        #expect(memory.best(of: route, now: second) === route)
        memory.trust(route.others[1])
        #expect(memory.best(of: route, now: second) === route.others[1])
    }

    @Test("a sender remembers a bounded number of addresses, the latest")
    func bounded() {
        var memory = AddressMemory()
        for number in 0..<UInt32(3 * Limits.avoidedAddresses) {
            let address = IPAddress(v4: 0x0808_0000 + number)
            let other = Route(to: target, address: address)
            memory.avoid(other, now: 0)
            if number % 2 == 0 { memory.trust(other) }
            #expect(memory.avoids(other, now: 0) == (number % 2 == 1))
        }
        #expect(memory.count <= Limits.avoidedAddresses)
    }

    @Test(
        "IPv6 and IPv4 take turns, beginning with the first",
        arguments: [
            (["::1", "127.0.0.1"], ["::1", "127.0.0.1"]), (["1.1.1.1", "1.1.1.2"], ["1.1.1.1", "1.1.1.2"]),
            (["2::1", "2::2", "2::3", "1.1.1.1"], ["2::1", "1.1.1.1", "2::2", "2::3"]),
            (["1.1.1.1", "2::1", "2::2", "1.1.1.2"], ["1.1.1.1", "2::1", "1.1.1.2", "2::2"]), ([], []),
        ])
    func families(found: [String], ordered: [String]) {
        #expect(found.compactMap { IPAddress($0) }.interleaved() == ordered.compactMap { IPAddress($0) })
    }
}
