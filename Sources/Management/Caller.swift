public import Access
public import WebhookModel

/// Who asks: a client that has shown an API key, at one moment. Made for each request.
public struct Caller: Sendable {
    public let authentication: Authentication
    /// The snapshot in which names are looked up.
    public let directory: TenantDirectory
    /// Unix milliseconds.
    public let now: Int64

    public init(_ authentication: Authentication, directory: TenantDirectory, now: Int64) {
        self.authentication = authentication
        self.directory = directory
        self.now = now
    }

    public var key: APIKey { authentication.key }

    /// The tenants that the key is for; nil: all.
    public var tenants: Set<TenantNumber>? {
        if case .only(let numbers) = key.tenants { Set(numbers) } else { nil }
    }

    /// Throws where the key has expired or has no scope for this. Says nothing about tenants.
    public func require(_ permission: Permission) throws(ManagementError) {
        switch key.refusal(of: permission, tenant: nil, wallMilliseconds: now) {
        case nil: return
        case .expired?:
            throw ManagementError(.unauthenticated, "\(AccessRefusal.expired); \(AccessRefusal.expired.mend)")
        case let refusal?: throw ManagementError(.missingScope, "\(refusal); \(refusal.mend)")
        }
    }

    /// A row of a tenant that the key is for. A foreign row is answered as one that does not exist.
    ///
    /// - Parameters:
    ///   - row: nil: there is none.
    ///   - what: "webhook", for the message.
    public func only<Row>(
        _ row: Row?, a what: String, of tenant: (Row) -> TenantNumber
    ) throws(ManagementError) -> Row {
        guard let row, key.opens(tenant(row)) else { throw .notFound(what) }
        return row
    }

    /// The number of a tenant by its name; a foreign tenant is answered as one that does not exist.
    public func tenant(named name: String) throws(ManagementError) -> TenantNumber {
        try only(directory.tenant(name: name), a: "tenant") { $0.number }.number
    }

    /// The tenants that a list is about: those of the key, or the one that a filter names.
    public func tenants(named name: String?) throws(ManagementError) -> Set<TenantNumber>? {
        guard let name else { return tenants }
        return [try tenant(named: name)]
    }
}
