public import WebhookModel

/// Which endpoints an event goes to: owned by the writer, changed only by its stream of commands.
///
/// A tenant whose endpoints all take everything is answered without a look at the type; otherwise the answer for a (tenant, type)
/// is remembered until the tenant's endpoints change.
public struct RoutingTable: Sendable {
    private struct Routes: Sendable {
        var endpoints: [Endpoint] = []
        var takeEverything = true
        var memo: [UInt64: [Remembered]] = [:]
        var remembered = 0
    }

    private struct Remembered: Sendable {
        let type: [UInt8]
        let endpoints: [Endpoint]
    }

    /// Types remembered for a tenant; a producer that invents types without end must not fill memory.
    public static let rememberedTypes = 1_024

    // By tenant number, which is dense.
    private var tenants: [Routes] = []

    public init() {}

    /// Replaces a tenant's endpoints. Disabled ones are left out: they get no new deliveries.
    public mutating func setEndpoints(_ endpoints: [Endpoint], of tenant: TenantNumber) {
        let index = Int(tenant.value)
        while tenants.count <= index { tenants.append(Routes()) }
        var routes = Routes()
        routes.endpoints = endpoints.filter(\.settings.enabled)
        routes.takeEverything = routes.endpoints.allSatisfy(\.settings.subscription.matchesEverything)
        tenants[index] = routes
    }

    /// The endpoints that want an event of this type, in the order of their numbers.
    public mutating func endpoints(for type: UnsafeRawBufferPointer, of tenant: TenantNumber) -> [Endpoint] {
        let index = Int(tenant.value)
        guard index < tenants.count else { return [] }
        if tenants[index].takeEverything { return tenants[index].endpoints }
        let hash = RoutingTable.hash(type)
        if let known = tenants[index].memo[hash]?.first(where: { $0.type.elementsEqual(type) }) {
            return known.endpoints
        }
        let matching = tenants[index].endpoints.filter { $0.settings.subscription.matches(type) }
        if tenants[index].remembered >= RoutingTable.rememberedTypes {
            tenants[index].memo.removeAll()
            tenants[index].remembered = 0
        }
        tenants[index].memo[hash, default: []].append(Remembered(type: Array(type), endpoints: matching))
        tenants[index].remembered += 1
        return matching
    }

    // FNV-1a, 64 bits; equal types are compared whole.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
