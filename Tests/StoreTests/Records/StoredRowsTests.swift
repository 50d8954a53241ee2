import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct StoredRowsTests {
    private func stored<Value>(_ value: Value, _ revision: UInt64) -> Stored<Value> {
        Stored(
            value, origin: .provisioned, revision: revision, createdAt: 1_700_000_000_000, updatedAt: 1_700_000_000_777)
    }

    private let tenant = Tenant(number: TenantNumber(1), name: "acme", enabled: true)
    private let key = APIKey(
        name: "k", tenants: .all, settings: APIKey.Settings(digest: Array(repeating: 7, count: 32)))
    private let endpoint = EndpointRow(
        number: EndpointNumber(3), tenant: TenantNumber(1), name: "orders",
        settings: Endpoint.Settings(url: "https://a.example/", secrets: []))

    @Test(arguments: [1, 77, .max] as [UInt64])
    func `revisions and times are read back`(revision: UInt64) throws {
        let store = try StoreFixture()
        try store.write { transaction in
            try store.tables.put(stored(tenant, revision), in: transaction)
            try store.tables.put(stored(key, revision), number: 1, in: transaction)
            try store.tables.put(stored(endpoint, revision), in: transaction)
        }
        let state = try store.directory.recover()
        let tenantRow = try #require(state.tenants.first)
        let keyRow = try #require(state.keys[1])
        let endpointRow = try #require(state.endpoints.first)
        #expect([tenantRow.revision, keyRow.revision, endpointRow.revision] == [revision, revision, revision])
        #expect([tenantRow.createdAt, keyRow.createdAt, endpointRow.createdAt].allSatisfy { $0 == 1_700_000_000_000 })
        #expect([tenantRow.updatedAt, keyRow.updatedAt, endpointRow.updatedAt].allSatisfy { $0 == 1_700_000_000_777 })
        #expect(tenantRow.origin == .provisioned && keyRow.origin == .provisioned && endpointRow.origin == .provisioned)
    }

    @Test func `a row without them has revision 0 and no times`() throws {
        let store = try StoreFixture()
        try store.write { transaction in
            // What a program of before wrote: tag 1 with the name, tag 255 with the origin.
            let bytes: [UInt8] = [1, 0, 0, 0, 1, 97, 255, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]
            var number = Key()
            number.append(UInt32(1))
            try bytes.withUnsafeBytes { try transaction.put(try transaction.open("tenants"), number, $0) }
        }
        let tenant = try #require(try store.directory.recover().tenants.first)
        #expect(tenant.value.name == "a" && tenant.origin == .provisioned)
        #expect(tenant.revision == 0 && tenant.createdAt == 0 && tenant.updatedAt == 0)
    }
}
