public import LMDB
public import WebhookModel

/// The names of tenants and endpoints: read without opening a secret.
public struct EndpointNames: Sendable {
    public struct Entry: Sendable, Equatable {
        public var number: EndpointNumber
        public var tenant: String
        public var name: String
        /// Its deliveries wait for it to be created again.
        public var isRemoved: Bool

        public init(number: EndpointNumber, tenant: String, name: String, isRemoved: Bool = false) {
            self.number = number
            self.tenant = tenant
            self.name = name
            self.isRemoved = isRemoved
        }
    }

    public var tenants: Set<String>
    public var endpoints: [Entry]

    public init(tenants: Set<String>, endpoints: [Entry]) {
        self.tenants = tenants
        self.endpoints = endpoints
    }

    /// Rows that cannot be read are left out.
    public init(_ tables: Tables, in transaction: borrowing some Transaction & ~Copyable) throws(LMDBError) {
        var names: [Int64: String] = [:]
        var cursor = try transaction.cursor(tables.tenants)
        while let row = try cursor.next() {
            guard row.key.count == 4, let tenant = TenantCoding.decode(row.key.uint32(at: 0), row.value) else {
                continue
            }
            names[Int64(tenant.value.number.value)] = tenant.value.name
        }
        endpoints = []
        cursor = try transaction.cursor(tables.endpoints)
        while let row = try cursor.next() {
            guard row.key.count == 4, let identity = EndpointCoding.identity(row.value),
                let tenant = names[identity.tenant]
            else { continue }
            endpoints.append(
                Entry(
                    number: EndpointNumber(row.key.uint32(at: 0)), tenant: tenant, name: identity.name,
                    isRemoved: identity.isRemoved))
        }
        tenants = Set(names.values)
    }
}
