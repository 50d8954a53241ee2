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
    /// Since when it fails without a success, Unix milliseconds; nil: it works.
    public var failingSince: Int64?
    /// We stopped sending to it.
    public var disabled: Endpoint.Disablement?

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
        add(row.value.settings, to: &writer)
        writer.add(255, row.origin.rawValue)
        return writer.bytes
    }

    static func tenant(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) -> Stored<Tenant>? {
        guard let reader = FieldReader(bytes), let name = reader.text(1) else { return nil }
        let tenant = Tenant(
            number: TenantNumber(number), name: name, enabled: reader.number(2) != 0, settings: tenantSettings(reader))
        return Stored(tenant, origin: origin(reader))
    }

    private static func add(_ settings: Tenant.Settings, to writer: inout FieldWriter) {
        if let retry = settings.retry {
            for delay in retry.delays { writer.add(3, delay) }
            writer.add(4, Int64(retry.jitterPercent))
        }
        writer.add(settings.rate, perSecond: 5, burst: 6)
        if settings.weight != 1 { writer.add(7, Int64(settings.weight)) }
        if let retries = settings.retriesPerSecond { writer.add(8, Int64(retries)) }
        if let backlog = settings.backlog { writer.add(9, Int64(backlog)) }
    }

    private static func tenantSettings(_ reader: FieldReader) -> Tenant.Settings {
        var settings = Tenant.Settings()
        settings.retry = reader.number(4).map { RetryPolicy(delays: reader.numbers(3), jitterPercent: Int($0)) }
        settings.rate = reader.rate(perSecond: 5, burst: 6)
        settings.weight = reader.number(7).map { Int($0) } ?? 1
        settings.retriesPerSecond = reader.number(8).map { Int($0) }
        settings.backlog = reader.number(9).map { Int($0) }
        return settings
    }

    static func encode(_ row: Stored<APIKey>) -> [UInt8] {
        let settings = row.value.settings
        var writer = FieldWriter()
        writer.add(1, row.value.name)
        writer.add(2, settings.digest)
        switch row.value.tenants {
        case .all: writer.add(3, 1)
        case .only(let numbers): for number in numbers { writer.add(4, Int64(number.value)) }
        }
        for scope in settings.scopes { writer.add(5, scope.text) }
        writer.add(settings.rate, perSecond: 6, burst: 7)
        if let expiresAt = settings.expiresAt { writer.add(8, expiresAt) }
        for name in settings.clientCertificates { writer.add(9, name) }
        writer.add(255, row.origin.rawValue)
        return writer.bytes
    }

    static func apiKey(_ bytes: UnsafeRawBufferPointer) -> Stored<APIKey>? {
        guard let reader = FieldReader(bytes), let name = reader.text(1), let digest = reader.all(2).first,
            digest.count == 32 || digest.isEmpty
        else { return nil }
        let numbers = reader.numbers(4).map { TenantNumber(UInt32(truncatingIfNeeded: $0)) }
        // Rows of before there were scopes publish everything. A scope of a later version opens nothing here.
        let written = reader.texts(5)
        let scopes = written.isEmpty ? [.publish(.everything)] : written.compactMap(APIKey.Scope.init)
        let settings = APIKey.Settings(
            digest: digest, scopes: scopes, rate: reader.rate(perSecond: 6, burst: 7), expiresAt: reader.number(8),
            clientCertificates: reader.texts(9))
        let key = APIKey(name: name, tenants: reader.number(3) == 1 ? .all : .only(numbers), settings: settings)
        return Stored(key, origin: origin(reader))
    }

    private static func origin(_ reader: FieldReader) -> Origin { reader.number(255).flatMap(Origin.init) ?? .api }
}
