import Access
import Management
import Store

/// Routes: tenants. A tenant's id is its name.
enum TenantRoutes {
    static let table: [Route] = [
        Route(
            method: .get, pattern: "/api/v1/tenants", admission: .key(.readTenants), operation: "listTenants",
            summary: "The tenants that the API key is for.", parameters: Parameter.paging,
            response: .list(TenantShape.shape, TenantShape.example, "A page of tenants."), handle: list),
        Route(
            method: .get, pattern: "/api/v1/tenants/{tenant}", admission: .key(.readTenants), operation: "getTenant",
            summary: "One tenant.", parameters: [.path("tenant", "The tenant's name.")],
            response: .row(TenantShape.shape, TenantShape.example, "The tenant."), problems: [.notFound], handle: get),
    ]

    @Sendable private static func list(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let page = try exchange.desk.tenants(exchange.listRequest, for: exchange.caller)
        return .list(page) { TenantShape.json($0) }
    }

    @Sendable private static func get(_ exchange: Exchange) async throws(ManagementError) -> Answer {
        let row = try exchange.desk.tenant(named: exchange.part("tenant"), for: exchange.caller)
        return .json(TenantShape.json(row), revision: row.revision)
    }
}
