import LMDB
import WebhookModel

/// The names of what a store contains, and who made it; without settings, so it opens no secret.
public struct TenancyOutline: Sendable, Equatable {
    public struct Tenant: Sendable, Equatable {
        public var name: String
        public var enabled: Bool
        public var origin: Origin

        public init(name: String, enabled: Bool, origin: Origin) {
            self.name = name
            self.enabled = enabled
            self.origin = origin
        }
    }

    public struct Endpoint: Sendable, Equatable {
        public var tenant: String
        public var name: String
        public var origin: Origin

        public init(tenant: String, name: String, origin: Origin) {
            self.tenant = tenant
            self.name = name
            self.origin = origin
        }
    }

    public struct Key: Sendable, Equatable {
        public var name: String
        public var origin: Origin

        public init(name: String, origin: Origin) {
            self.name = name
            self.origin = origin
        }
    }

    public var tenants: [Tenant] = []
    public var endpoints: [Endpoint] = []
    public var keys: [Key] = []

    public init() {}
}

extension DataDirectory {
    /// Reads the names. Rows that cannot be read are left out.
    public func outline() throws(StoreError) -> TenancyOutline {
        do throws(LMDBError) {
            return try environment.read { snapshot throws(LMDBError) in try outline(in: snapshot) }
        } catch {
            throw .database(error)
        }
    }

    private func outline(in snapshot: borrowing ReadTransaction) throws(LMDBError) -> TenancyOutline {
        var outline = TenancyOutline()
        var names: [Int64: String] = [:]
        var cursor = try snapshot.cursor(tables.tenants)
        while let entry = try cursor.next() {
            guard entry.key.count == 4, let row = TenantCoding.decode(entry.key.uint32(at: 0), entry.value) else {
                continue
            }
            names[Int64(row.value.number.value)] = row.value.name
            outline.tenants.append(.init(name: row.value.name, enabled: row.value.enabled, origin: row.origin))
        }
        cursor = try snapshot.cursor(tables.endpoints)
        while let entry = try cursor.next() {
            guard let identity = EndpointCoding.identity(entry.value), !identity.isRemoved else { continue }
            outline.endpoints.append(
                .init(tenant: names[identity.tenant] ?? "", name: identity.name, origin: identity.origin))
        }
        cursor = try snapshot.cursor(tables.keys)
        while let entry = try cursor.next() {
            guard let row = APIKeyCoding.decode(entry.value) else { continue }
            outline.keys.append(.init(name: row.value.name, origin: row.origin))
        }
        return outline
    }
}
