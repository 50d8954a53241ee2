import WebhookModel

/// What a connection's events may be: its key's tenants and event types against the current directory, and its rate.
///
/// The verdicts on the latest tenant and type are kept: most producers send runs of them.
struct TenantGate {
    struct Verdict {
        var tenant: TenantNumber
        /// `undecided`, or the refusal.
        var result: EventResult

        static let forbidden = Verdict(tenant: TenantNumber(0), result: .forbidden)
    }

    private(set) var directory: TenantDirectory
    private var key: APIKey
    /// The client certificate's name that opened it; nil: the key itself.
    private let certificateName: String?
    private let rates: KeyRates
    /// Nil: no limit.
    private(set) var bucket: RateBucket?
    /// Nil: every tenant.
    private var tenants: Set<TenantNumber>?
    /// Nil: every type.
    private var types: TypeFilter?
    private var latestName: [UInt8] = []
    private var latest = Verdict(tenant: TenantNumber(0), result: .unknownTenant)

    init(_ authentication: Authentication, directory: TenantDirectory, rates: KeyRates) {
        key = authentication.key
        certificateName = authentication.certificateName
        self.directory = directory
        self.rates = rates
        adopt(authentication.key)
    }

    private mutating func adopt(_ key: APIKey) {
        self.key = key
        tenants = if case .only(let numbers) = key.tenants { Set(numbers) } else { nil }
        types = key.settings.publishes.flatMap(TypeFilter.init)
        bucket = rates.bucket(of: key)
    }

    // MARK: The key

    /// Takes a new snapshot and the time.
    ///
    /// - Returns: why the connection must end; nil: it may go on.
    mutating func review(_ directory: TenantDirectory, wallMilliseconds: Int64) -> String? {
        if directory !== self.directory {
            self.directory = directory
            latestName.removeAll(keepingCapacity: true)
            guard let key = directory.key(named: key.name) else { return "the API key was removed" }
            if let reason = isReplaced(by: key) { return reason }
            if key != self.key { adopt(key) }
        }
        return refusal(wallMilliseconds: wallMilliseconds)
    }

    /// Whether what opened the connection no longer would.
    private func isReplaced(by fresh: APIKey) -> String? {
        if let certificateName {
            let isNamed = fresh.settings.clientCertificates.contains(certificateName)
            return isNamed ? nil : "the API key no longer names the client certificate"
        }
        return fresh.settings.digest == key.settings.digest ? nil : "the API key was replaced"
    }

    /// Why the key may not publish at this time (Unix milliseconds); nil: it may.
    func refusal(wallMilliseconds: Int64) -> String? {
        if let end = key.settings.expiresAt, wallMilliseconds >= end { return "the API key has expired" }
        if key.settings.publishes == nil { return "the API key has no scope to publish" }
        return nil
    }

    // MARK: Events

    /// - Parameters:
    ///   - tenant: a valid tenant name, never empty.
    ///   - type: the event's type, never empty.
    mutating func verdict(tenant: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer) -> Verdict {
        if types?.admits(type) == false { return .forbidden }
        if latestName.count == tenant.count, latestName.elementsEqual(tenant) { return latest }
        latest = lookUp(tenant)
        latestName.removeAll(keepingCapacity: true)
        latestName.append(contentsOf: tenant)
        return latest
    }

    private func lookUp(_ name: UnsafeRawBufferPointer) -> Verdict {
        let entry = directory.tenant(named: name)
        // A key with a list learns nothing about names outside it, not even whether they exist.
        if let tenants {
            guard let entry, tenants.contains(entry.number) else { return .forbidden }
        }
        guard let entry else { return Verdict(tenant: TenantNumber(0), result: .unknownTenant) }
        return Verdict(tenant: entry.number, result: entry.enabled ? .undecided : .tenantDisabled)
    }
}

/// The event types that a key may publish, as bytes: the hot path makes no String.
private struct TypeFilter {
    private let subscription: Subscription
    private var latest: [UInt8] = []
    private var latestIsAdmitted = false

    /// Nil where every type may pass.
    init?(_ subscription: Subscription) {
        guard !subscription.matchesEverything else { return nil }
        self.subscription = subscription
    }

    mutating func admits(_ type: UnsafeRawBufferPointer) -> Bool {
        if latest.count == type.count, latest.elementsEqual(type) { return latestIsAdmitted }
        latestIsAdmitted = subscription.matches(type)
        latest.removeAll(keepingCapacity: true)
        latest.append(contentsOf: type)
        return latestIsAdmitted
    }
}
