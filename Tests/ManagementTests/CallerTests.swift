import Access
import Management
import Testing
import WebhookModel

@Suite struct CallerTests {
    private func caller(_ scopes: [String], tenants: APIKey.Tenants = .all, expiresAt: Int64? = nil) -> Caller {
        let key = APIKey(
            name: "k", tenants: tenants,
            settings: APIKey.Settings(digest: [], scopes: scopes.compactMap(APIKey.Scope.init), expiresAt: expiresAt))
        let directory = TenantDirectory(
            tenants: [
                Tenant(number: TenantNumber(1), name: "acme"), Tenant(number: TenantNumber(2), name: "globex"),
            ], keys: [key])
        return Caller(Authentication(key: key), directory: directory, now: 1_000)
    }

    @Test func `a key without the scope is told which one`() {
        let error = #expect(throws: ManagementError.self) { try caller(["read"]).require(.writeWebhooks) }
        #expect(error?.code == .missingScope && error?.detail.contains("webhooks:write") == true)
        #expect(throws: Never.self) { try caller(["manage"]).require(.writeWebhooks) }
    }

    @Test func `an expired key is no key`() {
        let error = #expect(throws: ManagementError.self) {
            try caller(["manage"], expiresAt: 1_000).require(.readWebhooks)
        }
        #expect(error?.code == .unauthenticated)
    }

    @Test func `a foreign tenant and an unknown one are the same`() throws {
        let mine = caller(["read"], tenants: .only([TenantNumber(1)]))
        #expect(try mine.tenant(named: "acme") == TenantNumber(1))
        let foreign = #expect(throws: ManagementError.self) { try mine.tenant(named: "globex") }
        let unknown = #expect(throws: ManagementError.self) { try mine.tenant(named: "nobody") }
        #expect(foreign?.code == .notFound && foreign?.detail == unknown?.detail && foreign?.field == unknown?.field)
        #expect(try mine.tenants(named: nil) == [TenantNumber(1)])
        #expect(try caller(["read"]).tenants(named: nil) == nil)
        #expect(try caller(["read"]).tenants(named: "globex") == [TenantNumber(2)])
    }
}
