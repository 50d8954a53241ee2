public import WebhookModel

/// What a client asks to do. `publish` also depends on the event type, which `EventGate` checks.
public enum Permission: String, Sendable, CaseIterable {
    case publish
    /// See tenants. Who may see webhooks may see the tenants that they belong to.
    case readTenants = "tenants:read"
    case manageTenants = "tenants:manage"
    case readWebhooks = "webhooks:read"
    case writeWebhooks = "webhooks:write"
    /// Events with their payloads, and what receivers answered.
    case readEvents = "events:read"
    case readDeliveries = "deliveries:read"
    case writeDeliveries = "deliveries:write"
    case revealSecrets = "secret:reveal"
    case manageKeys = "keys:manage"
    case readMetrics = "metrics:read"
    case readAudit = "audit:read"

    /// The scopes that grant it, besides `publish`. A key that may change something may also read it: each change
    /// answers with the row as it now is.
    fileprivate var scopes: [APIKey.Scope] {
        switch self {
        case .publish: []
        case .readTenants: [.read, .manage, .area(.tenantsManage), .area(.webhooksRead), .area(.webhooksWrite)]
        case .manageTenants: [.manage, .area(.tenantsManage)]
        case .readWebhooks: [.read, .manage, .area(.webhooksRead), .area(.webhooksWrite)]
        case .writeWebhooks: [.manage, .area(.webhooksWrite)]
        case .readEvents: [.read, .manage, .area(.eventsRead)]
        case .readDeliveries: [.read, .manage, .area(.deliveriesRead), .area(.deliveriesWrite)]
        case .writeDeliveries: [.manage, .area(.deliveriesWrite)]
        case .revealSecrets: [.area(.secretReveal)]
        case .manageKeys: [.manage, .area(.keysManage)]
        case .readMetrics: [.read, .manage, .area(.metricsRead)]
        case .readAudit: [.read, .manage, .area(.auditRead)]
        }
    }
}

/// Why a client may not do what it asks, in words for the client and the log.
public enum AccessRefusal: Error, Equatable, Sendable {
    case nothingShown
    case unknownKey
    case unknownCertificate
    case keyRemoved
    case keyReplaced
    case certificateRemoved
    case expired
    case missingScope(Permission)
    /// The key is not for this tenant. An API must answer as for a tenant that does not exist.
    case foreignTenant
}

extension AccessRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .nothingShown: "neither an API key nor a client certificate was shown"
        case .unknownKey: "the API key is not known"
        case .unknownCertificate: "no API key names the client certificate"
        case .keyRemoved: "the API key was removed"
        case .keyReplaced: "the API key was replaced"
        case .certificateRemoved: "the API key no longer names the client certificate"
        case .expired: "the API key has expired"
        case .missingScope(let permission): "the API key has no scope to \(permission.rawValue)"
        case .foreignTenant: "the API key is not for this tenant"
        }
    }

    /// What helps, for the client that was refused. Follows the description after a semicolon.
    public var mend: String {
        switch self {
        case .nothingShown: "give the client an API key"
        case .unknownKey, .keyRemoved, .keyReplaced: "use a key that the server's provisioning file declares"
        case .unknownCertificate, .certificateRemoved:
            "use an API key, or list the certificate in client_certificates of a key"
        case .expired: "use another key, or let it expire later (expires)"
        case .missingScope(let permission): "use another key, or add \(permission.rawValue) to its scopes"
        case .foreignTenant: "use a key of this tenant"
        }
    }

    /// Why authentication found no key.
    public init(shownKey key: [UInt8], _ certificate: [UInt8]?) {
        self =
            switch (key.isEmpty, certificate) {
            case (false, _): .unknownKey
            case (true, nil): .nothingShown
            case (true, _): .unknownCertificate
            }
    }
}

extension APIKey {
    /// Why the key may not do this at this time; nil: it may.
    ///
    /// - Parameters:
    ///   - tenant: whose data it concerns; nil: no tenant in particular, as when a list is filtered with `opens` later.
    ///   - wallMilliseconds: the time, in Unix milliseconds.
    public func refusal(
        of permission: Permission, tenant: TenantNumber?, wallMilliseconds: Int64
    ) -> AccessRefusal? {
        if let end = settings.expiresAt, wallMilliseconds >= end { return .expired }
        guard settings.grants(permission) else { return .missingScope(permission) }
        if let tenant, !opens(tenant) { return .foreignTenant }
        return nil
    }

    /// Whether the key is for this tenant.
    public func opens(_ tenant: TenantNumber) -> Bool {
        switch tenants {
        case .all: true
        case .only(let numbers): numbers.contains(tenant)
        }
    }
}

extension APIKey.Settings {
    fileprivate func grants(_ permission: Permission) -> Bool {
        if permission == .publish { return publishes != nil }
        return permission.scopes.contains(where: scopes.contains)
    }
}
