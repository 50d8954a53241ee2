public import LMDB
public import WebhookModel

extension Tables {
    public func put(_ tenant: Stored<Tenant>, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        try put(TenantCoding.encode(tenant), tenants, tenant.value.number.value, transaction)
    }

    /// - Parameter seal: seals its secrets and header values; nil: they are stored as they are.
    public func put(
        _ endpoint: Stored<EndpointRow>, seal: SecretSeal? = nil, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try put(EndpointCoding(seal: seal).encode(endpoint), endpoints, endpoint.value.number.value, transaction)
    }

    public func put(
        _ key: Stored<APIKey>, number: UInt32, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try put(APIKeyCoding.encode(key), keys, number, transaction)
    }

    public func removeEndpoint(
        _ number: EndpointNumber, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try transaction.delete(endpoints, Tables.key(number.value))
    }

    public func removeAPIKey(_ number: UInt32, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        try transaction.delete(keys, Tables.key(number))
    }

    /// Stores the next numbers to assign.
    public func putCounters(_ counters: Counters, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        try putCounter(.nextPosition, counters.nextPosition, transaction)
        try putCounter(.nextTenant, UInt64(counters.nextTenant), transaction)
        try putCounter(.nextEndpoint, UInt64(counters.nextEndpoint), transaction)
        try putCounter(.nextAPIKey, UInt64(counters.nextAPIKey), transaction)
    }

    /// Stores the next position alone. A commit that removes events does this, because the last event's key may be
    /// among them.
    public func putNextPosition(_ position: UInt64, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        try putCounter(.nextPosition, position, transaction)
    }

    /// Stores the wall time of a commit, Unix milliseconds. Once a minute is enough: it tells a later start how far the
    /// clock has moved.
    public func putLastCommit(_ time: Int64, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        try putCounter(.lastCommit, UInt64(bitPattern: time), transaction)
    }

    private func putCounter(
        _ counter: MetaKey, _ value: UInt64, _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        try transaction.reserve(meta, counter.key, count: 8).store(value, at: 0)
    }

    private func put(
        _ bytes: [UInt8], _ table: Database, _ number: UInt32, _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        let value = try transaction.reserve(table, Tables.key(number), count: bytes.count)
        value.copyBytes(from: bytes)
    }

    static func key(_ number: UInt32) -> Key {
        var key = Key()
        key.append(number)
        return key
    }
}

/// The next numbers to assign: durable, so that none is ever assigned twice.
public struct Counters: Sendable, Equatable {
    public var nextPosition: UInt64 = 1
    public var nextTenant: UInt32 = 1
    public var nextEndpoint: UInt32 = 1
    public var nextAPIKey: UInt32 = 1

    public init() {}
}
