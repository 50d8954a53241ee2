import WebhookModel

/// The bytes of the table `tenants`. DataLayout.md lists the tags.
enum TenantCoding {
    private enum Tag {
        static let name: UInt8 = 1
        static let enabled: UInt8 = 2
        static let delay: UInt8 = 3
        static let jitter: UInt8 = 4
        static let rate: UInt8 = 5
        static let burst: UInt8 = 6
        static let weight: UInt8 = 7
        static let retriesPerSecond: UInt8 = 8
        static let backlog: UInt8 = 9
        static let allowNetwork: UInt8 = 10
    }

    static func encode(_ row: Stored<Tenant>) -> [UInt8] {
        let settings = row.value.settings
        var writer = FieldWriter()
        writer.add(Tag.name, row.value.name)
        writer.add(Tag.enabled, row.value.enabled ? 1 : 0)
        if let retry = settings.retry {
            for delay in retry.delays { writer.add(Tag.delay, delay) }
            writer.add(Tag.jitter, Int64(retry.jitterPercent))
        }
        writer.add(settings.rate, perSecond: Tag.rate, burst: Tag.burst)
        if settings.weight != 1 { writer.add(Tag.weight, Int64(settings.weight)) }
        if let retries = settings.retriesPerSecond { writer.add(Tag.retriesPerSecond, Int64(retries)) }
        if let backlog = settings.backlog { writer.add(Tag.backlog, Int64(backlog)) }
        for network in settings.allowNetworks { writer.add(Tag.allowNetwork, network) }
        RowFields.write(row, to: &writer)
        return writer.bytes
    }

    /// The row; nil where a required field is missing or the lengths do not fit.
    static func decode(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) -> Stored<Tenant>? {
        guard let reader = FieldReader(bytes), let name = reader.text(Tag.name) else { return nil }
        let tenant = Tenant(
            number: TenantNumber(number), name: name, enabled: reader.number(Tag.enabled) != 0,
            settings: settings(reader))
        return RowFields.read(tenant, reader)
    }

    private static func settings(_ reader: FieldReader) -> Tenant.Settings {
        var settings = Tenant.Settings()
        settings.retry = reader.number(Tag.jitter).map {
            RetryPolicy(delays: reader.numbers(Tag.delay), jitterPercent: Int($0))
        }
        settings.rate = reader.rate(perSecond: Tag.rate, burst: Tag.burst)
        settings.weight = reader.number(Tag.weight).map { Int($0) } ?? 1
        settings.retriesPerSecond = reader.number(Tag.retriesPerSecond).map { Int($0) }
        settings.backlog = reader.number(Tag.backlog).map { Int($0) }
        settings.allowNetworks = reader.texts(Tag.allowNetwork)
        return settings
    }
}

/// The bytes of the table `keys`. DataLayout.md lists the tags.
enum APIKeyCoding {
    private enum Tag {
        static let name: UInt8 = 1
        static let digest: UInt8 = 2
        static let allTenants: UInt8 = 3
        static let tenant: UInt8 = 4
        static let scope: UInt8 = 5
        static let rate: UInt8 = 6
        static let burst: UInt8 = 7
        static let expiresAt: UInt8 = 8
        static let clientCertificate: UInt8 = 9
    }

    static func encode(_ row: Stored<APIKey>) -> [UInt8] {
        let settings = row.value.settings
        var writer = FieldWriter()
        writer.add(Tag.name, row.value.name)
        writer.add(Tag.digest, settings.digest)
        switch row.value.tenants {
        case .all: writer.add(Tag.allTenants, 1)
        case .only(let numbers): for number in numbers { writer.add(Tag.tenant, Int64(number.value)) }
        }
        for scope in settings.scopes { writer.add(Tag.scope, scope.text) }
        writer.add(settings.rate, perSecond: Tag.rate, burst: Tag.burst)
        if let expiresAt = settings.expiresAt { writer.add(Tag.expiresAt, expiresAt) }
        for name in settings.clientCertificates { writer.add(Tag.clientCertificate, name) }
        RowFields.write(row, to: &writer)
        return writer.bytes
    }

    /// The row; nil where a required field is missing or the lengths do not fit.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> Stored<APIKey>? {
        guard let reader = FieldReader(bytes), let name = reader.text(Tag.name),
            let digest = reader.all(Tag.digest).first, digest.count == 32 || digest.isEmpty
        else { return nil }
        let numbers = reader.numbers(Tag.tenant).map { TenantNumber(UInt32(truncatingIfNeeded: $0)) }
        // Rows from before there were scopes publish everything. A scope that this version does not know permits
        // nothing.
        let written = reader.texts(Tag.scope)
        let scopes = written.isEmpty ? [.publish(.everything)] : written.compactMap(APIKey.Scope.init)
        let settings = APIKey.Settings(
            digest: digest, scopes: scopes, rate: reader.rate(perSecond: Tag.rate, burst: Tag.burst),
            expiresAt: reader.number(Tag.expiresAt), clientCertificates: reader.texts(Tag.clientCertificate))
        let key = APIKey(
            name: name, tenants: reader.number(Tag.allTenants) == 1 ? .all : .only(numbers), settings: settings)
        return RowFields.read(key, reader)
    }
}
