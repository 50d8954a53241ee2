import LMDB
public import WebhookModel

/// An API key and its number.
public struct StoredKey: Sendable {
    public var number: UInt32
    public var key: Stored<APIKey>
}

extension StoreSnapshot {
    /// Tenants, the newest first.
    ///
    /// - Parameter numbers: these only; nil: all.
    public func tenants(
        in numbers: Set<TenantNumber>? = nil, _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<Stored<Tenant>> {
        try page(.tenants, tables.tenants, request, .newestFirst) { entry in
            guard entry.key.count == 4 else { return .malformed }
            if let numbers, !numbers.contains(TenantNumber(entry.key.uint32(at: 0))) { return .leftOut }
            return Listed(TenantCoding.decode(entry.key.uint32(at: 0), entry.value))
        }
    }

    /// API keys, the newest first.
    public func keys(_ request: PageRequest = PageRequest()) throws(StoreReadError) -> Page<StoredKey> {
        try page(.keys, tables.keys, request, .newestFirst) { entry in
            guard entry.key.count == 4, let key = APIKeyCoding.decode(entry.value) else { return .malformed }
            return .row(StoredKey(number: entry.key.uint32(at: 0), key: key))
        }
    }

    /// Endpoints that were not removed, the newest first.
    ///
    /// - Parameters:
    ///   - tenant: of this tenant only.
    ///   - seal: opens sealed secrets. A row that it does not open counts as skipped.
    public func endpoints(
        of tenant: TenantNumber? = nil, seal: SecretSeal? = nil, _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<Stored<EndpointRow>> {
        try endpoints(in: tenant.map { [$0] }, seal: seal, request)
    }

    /// The same of several tenants; nil: of all.
    public func endpoints(
        in tenants: Set<TenantNumber>?, seal: SecretSeal? = nil, _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<Stored<EndpointRow>> {
        let coding = EndpointCoding(seal: seal)
        return try page(.endpoints, tables.endpoints, request, .newestFirst) { entry in
            guard entry.key.count == 4, let identity = EndpointCoding.identity(entry.value) else { return .malformed }
            if identity.isRemoved { return .leftOut }
            if let tenants {
                guard let number = UInt32(exactly: identity.tenant), tenants.contains(TenantNumber(number)) else {
                    return .leftOut
                }
            }
            return Listed(try? coding.decode(entry.key.uint32(at: 0), entry.value)?.row)
        }
    }

    /// A tenant by its number; nil: there is none.
    public func tenant(_ number: TenantNumber) throws(StoreReadError) -> Stored<Tenant>? {
        guard let value = try row(tables.tenants, number.value) else { return nil }
        guard let tenant = TenantCoding.decode(number.value, value) else {
            throw .damaged("the row of tenant \(number.value)")
        }
        return tenant
    }

    /// An API key by its number; nil: there is none.
    public func key(_ number: UInt32) throws(StoreReadError) -> Stored<APIKey>? {
        guard let value = try row(tables.keys, number) else { return nil }
        guard let key = APIKeyCoding.decode(value) else { throw .damaged("the row of API key \(number)") }
        return key
    }

    /// An endpoint by its number; nil: there is none, or it was removed.
    ///
    /// - Throws: `sealed` where `seal` does not open its secrets.
    public func endpoint(
        _ number: EndpointNumber, seal: SecretSeal? = nil
    ) throws(StoreReadError) -> Stored<EndpointRow>? {
        guard let value = try row(tables.endpoints, number.value) else { return nil }
        let decoded: EndpointCoding.Decoded?
        do throws(SealError) {
            decoded = try EndpointCoding(seal: seal).decode(number.value, value)
        } catch {
            throw .sealed("a secret of endpoint \(number.value) \(error)")
        }
        guard let decoded else { throw .damaged("the row of endpoint \(number.value)") }
        return decoded.row.value.removedAt == nil ? decoded.row : nil
    }

    // Valid until the snapshot ends.
    private func row(_ table: Database, _ number: UInt32) throws(StoreReadError) -> UnsafeRawBufferPointer? {
        try reading { () throws(LMDBError) in try transaction.get(table, Tables.key(number)) }
    }
}
