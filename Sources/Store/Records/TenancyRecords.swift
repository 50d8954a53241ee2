public import WebhookModel

/// Who made a tenant, key or endpoint: the provisioning file removes only what it made.
public enum Origin: Int64, Sendable {
    case provisioned = 1
    case api = 2
}

/// A row of a configuration table.
public struct Stored<Value: Sendable>: Sendable {
    public var value: Value
    public var origin: Origin

    public init(_ value: Value, origin: Origin) {
        self.value = value
        self.origin = origin
    }
}

/// An endpoint as it is stored: its tenant by number.
public struct EndpointRow: Sendable, Equatable {
    public var number: EndpointNumber
    public var tenant: TenantNumber
    public var name: String
    public var settings: Endpoint.Settings

    public init(number: EndpointNumber, tenant: TenantNumber, name: String, settings: Endpoint.Settings) {
        self.number = number
        self.tenant = tenant
        self.name = name
        self.settings = settings
    }
}

/// Bytes of the tables of tenants and keys. The tags stand in DataLayout.md.
enum TenancyCoding {
    static func encode(_ row: Stored<Tenant>) -> [UInt8] {
        var writer = FieldWriter()
        writer.add(1, row.value.name)
        writer.add(2, row.value.enabled ? 1 : 0)
        writer.add(255, row.origin.rawValue)
        return writer.bytes
    }

    static func tenant(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) -> Stored<Tenant>? {
        guard let reader = FieldReader(bytes), let name = reader.text(1) else { return nil }
        let tenant = Tenant(number: TenantNumber(number), name: name, enabled: reader.number(2) != 0)
        return Stored(tenant, origin: origin(reader))
    }

    static func encode(_ row: Stored<APIKey>) -> [UInt8] {
        var writer = FieldWriter()
        writer.add(1, row.value.name)
        writer.add(2, row.value.digest)
        switch row.value.scope {
        case .allTenants: writer.add(3, 1)
        case .tenants(let numbers): for number in numbers { writer.add(4, Int64(number.value)) }
        }
        writer.add(255, row.origin.rawValue)
        return writer.bytes
    }

    static func apiKey(_ bytes: UnsafeRawBufferPointer) -> Stored<APIKey>? {
        guard let reader = FieldReader(bytes), let name = reader.text(1), let digest = reader.all(2).first,
            digest.count == 32
        else { return nil }
        let tenants = reader.numbers(4).map { TenantNumber(UInt32(truncatingIfNeeded: $0)) }
        let scope: APIKey.Scope = reader.number(3) == 1 ? .allTenants : .tenants(tenants)
        return Stored(APIKey(name: name, digest: digest, scope: scope), origin: origin(reader))
    }

    private static func origin(_ reader: FieldReader) -> Origin { reader.number(255).flatMap(Origin.init) ?? .api }
}
