import Scheduling
import Testing
import WebhookModel

@Suite struct TenantRoutesTests {
    private func endpoint(_ number: UInt32, _ patterns: [String], enabled: Bool = true) -> Endpoint {
        Endpoint(
            number: EndpointNumber(number), tenant: TenantNumber(1), tenantName: "acme", name: "e\(number)",
            settings: .init(
                url: "https://example.com/", subscription: Subscription(patterns.map { Subscription.Pattern($0)! }),
                secrets: [], enabled: enabled))
    }

    private func routes(_ endpoints: [Endpoint]) -> TenantRoutes {
        var routes = TenantRoutes()
        for endpoint in endpoints { routes.put(endpoint) }
        return routes
    }

    private func route(_ routes: inout TenantRoutes, _ type: String) -> [UInt32] {
        Array(type.utf8).withUnsafeBytes { bytes in routes.endpoints(for: bytes).map(\.number.value) }
    }

    @Test func matchesByStarPrefixAndExactType() {
        var table = routes([
            endpoint(3, ["task.done", "user.made"]), endpoint(1, ["*"]), endpoint(2, ["task.*"]),
        ])
        #expect(route(&table, "task.done") == [1, 2, 3])
        #expect(route(&table, "task.begun") == [1, 2])
        #expect(route(&table, "tasks.done") == [1])
        #expect(route(&table, "user.made") == [1, 3])
        #expect(route(&table, "task.done") == [1, 2, 3])
    }

    @Test func removedEndpointsGetNothing() {
        var table = routes([endpoint(1, ["*"]), endpoint(2, ["a"])])
        #expect(route(&table, "a") == [1, 2])
        table.remove(EndpointNumber(2))
        table.remove(EndpointNumber(7))
        #expect(route(&table, "a") == [1])
        table.remove(EndpointNumber(1))
        #expect(route(&table, "a") == [])
    }

    @Test func aChangeClearsRememberedRoutes() {
        var table = routes([endpoint(1, ["a"])])
        #expect(route(&table, "a") == [1])
        table.put(endpoint(1, ["b"]))
        #expect(route(&table, "a") == [])
        #expect(route(&table, "b") == [1])
        // Everything, then something again: the shortcut is left as it was entered.
        table.put(endpoint(1, ["*"]))
        #expect(route(&table, "c") == [1])
        table.put(endpoint(1, ["b"]))
        #expect(route(&table, "c") == [])
    }

    @Test func manyTypesAreRoutedCorrectlyInBoundedMemory() {
        var table = routes([endpoint(1, ["t.*"]), endpoint(2, ["t.7"])])
        for number in 0..<(Limits.rememberedEventTypes * 3) {
            #expect(route(&table, "t.\(number)") == (number == 7 ? [1, 2] : [1]))
        }
        #expect(route(&table, "t.7") == [1, 2])
    }
}
