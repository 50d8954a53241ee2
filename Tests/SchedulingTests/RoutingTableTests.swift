import Scheduling
import Testing
import WebhookModel

@Suite struct RoutingTableTests {
    private func endpoint(_ number: UInt32, _ patterns: [String], enabled: Bool = true) -> Endpoint {
        Endpoint(
            number: EndpointNumber(number), tenant: TenantNumber(1), tenantName: "acme", name: "e\(number)",
            settings: .init(
                url: "https://example.com/", subscription: Subscription(patterns.map { Subscription.Pattern($0)! }),
                secrets: [], enabled: enabled))
    }

    private func route(_ table: inout RoutingTable, _ type: String, tenant: UInt32 = 1) -> [UInt32] {
        Array(type.utf8).withUnsafeBytes { bytes in
            table.endpoints(for: bytes, of: TenantNumber(tenant)).map(\.number.value)
        }
    }

    @Test func matchesByStarPrefixAndExactType() {
        var table = RoutingTable()
        table.setEndpoints(
            [endpoint(1, ["*"]), endpoint(2, ["task.*"]), endpoint(3, ["task.done", "user.made"])], of: TenantNumber(1))
        #expect(route(&table, "task.done") == [1, 2, 3])
        #expect(route(&table, "task.begun") == [1, 2])
        #expect(route(&table, "tasks.done") == [1])
        #expect(route(&table, "user.made") == [1, 3])
        #expect(route(&table, "task.done") == [1, 2, 3])
    }

    @Test func disabledEndpointsAndUnknownTenantsGetNothing() {
        var table = RoutingTable()
        table.setEndpoints([endpoint(1, ["*"], enabled: false)], of: TenantNumber(1))
        #expect(route(&table, "a") == [])
        #expect(route(&table, "a", tenant: 99) == [])
    }

    @Test func aChangeForgetsWhatWasRemembered() {
        var table = RoutingTable()
        table.setEndpoints([endpoint(1, ["a"])], of: TenantNumber(1))
        #expect(route(&table, "a") == [1])
        table.setEndpoints([endpoint(1, ["b"])], of: TenantNumber(1))
        #expect(route(&table, "a") == [])
        #expect(route(&table, "b") == [1])
    }

    @Test func endlessTypesStayRightWhileMemoryIsBounded() {
        var table = RoutingTable()
        table.setEndpoints([endpoint(1, ["t.*"]), endpoint(2, ["t.7"])], of: TenantNumber(1))
        for number in 0..<(RoutingTable.rememberedTypes * 3) {
            #expect(route(&table, "t.\(number)") == (number == 7 ? [1, 2] : [1]))
        }
        #expect(route(&table, "t.7") == [1, 2])
    }
}
