import WebhookModel

/// Which tenants a connection's events may belong to: its key's scope against the current directory.
///
/// The verdict on the latest tenant is kept: most producers send runs of one tenant.
struct TenantGate {
    struct Verdict {
        var tenant: TenantNumber
        /// `undecided`, or the refusal.
        var result: EventResult
    }

    private(set) var directory: TenantDirectory
    private var key: APIKey
    /// Nil: every tenant.
    private var allowed: Set<TenantNumber>?
    private var latestName: [UInt8] = []
    private var latest = Verdict(tenant: TenantNumber(0), result: .unknownTenant)

    init(key: APIKey, directory: TenantDirectory) {
        self.key = key
        self.directory = directory
        allowed = TenantGate.allowed(by: key)
    }

    private static func allowed(by key: APIKey) -> Set<TenantNumber>? {
        switch key.scope {
        case .allTenants: nil
        case .tenants(let tenants): Set(tenants)
        }
    }

    /// Takes a new snapshot. False: the key is no longer in it.
    mutating func update(_ directory: TenantDirectory) -> Bool {
        guard directory !== self.directory else { return true }
        self.directory = directory
        latestName.removeAll(keepingCapacity: true)
        guard let key = directory.keys.first(where: { $0.digest == key.digest }) else { return false }
        self.key = key
        allowed = TenantGate.allowed(by: key)
        return true
    }

    /// - Parameter name: a valid tenant name, never empty.
    mutating func verdict(on name: UnsafeRawBufferPointer) -> Verdict {
        if latestName.count == name.count, latestName.elementsEqual(name) { return latest }
        latest = lookUp(name)
        latestName.removeAll(keepingCapacity: true)
        latestName.append(contentsOf: name)
        return latest
    }

    private func lookUp(_ name: UnsafeRawBufferPointer) -> Verdict {
        let entry = directory.tenant(named: name)
        // A key with a list learns nothing about names outside it, not even whether they exist.
        if let allowed {
            guard let entry, allowed.contains(entry.number) else {
                return Verdict(tenant: TenantNumber(0), result: .forbidden)
            }
        }
        guard let entry else { return Verdict(tenant: TenantNumber(0), result: .unknownTenant) }
        return Verdict(tenant: entry.number, result: entry.enabled ? .undecided : .tenantDisabled)
    }
}
