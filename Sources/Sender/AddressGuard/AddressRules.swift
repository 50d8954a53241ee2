public import Settings
public import WebhookModel

/// The address rules of an endpoint and its tenant, in addition to the server's guard. Immutable; one per endpoint that
/// has any.
public final class AddressRules: Sendable {
    private let allow: [NetworkEntry]
    private let deny: [NetworkEntry]
    /// Networks that the operator allows to the tenant.
    let opened: [NetworkEntry]

    /// Nil if there are none.
    ///
    /// - Throws: the first invalid entry.
    public convenience init?(_ endpoint: Endpoint) throws(NetworkEntryError) {
        try self.init(endpoint.settings.connection, tenantNetworks: endpoint.tenantNetworks)
    }

    /// The same from settings that are no endpoint yet.
    public init?(_ connection: EndpointConnection?, tenantNetworks: [String]) throws(NetworkEntryError) {
        allow = try NetworkEntry.list(connection?.allowNetworks ?? [])
        deny = try NetworkEntry.list(connection?.denyNetworks ?? [])
        opened = try NetworkEntry.list(tenantNetworks)
        if allow.isEmpty, deny.isEmpty, opened.isEmpty { return nil }
    }

    /// Whether the endpoint's own lists allow the address. The guard decides afterwards.
    func permits(_ address: IPAddress, _ port: UInt16) -> Bool {
        !deny.contains { $0.covers(address, port) } && (allow.isEmpty || allow.contains { $0.covers(address, port) })
    }

    /// Whether the endpoint's allow list leaves some address with this port.
    func permitsSome(_ port: UInt16) -> Bool {
        allow.isEmpty || allow.contains { $0.port == nil || $0.port == port }
    }
}
