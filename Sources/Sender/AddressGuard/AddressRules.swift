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
    public init?(_ endpoint: Endpoint) throws(NetworkEntryError) {
        let connection = endpoint.settings.connection
        allow = try NetworkEntry.list(connection?.allowNetworks ?? [])
        deny = try NetworkEntry.list(connection?.denyNetworks ?? [])
        opened = try NetworkEntry.list(endpoint.tenantNetworks)
        if allow.isEmpty, deny.isEmpty, opened.isEmpty { return nil }
    }

    /// Whether the endpoint's own lists allow the address. The guard decides afterwards.
    func permits(_ address: IPAddress, _ port: UInt16) -> Bool {
        !deny.contains { $0.covers(address, port) } && (allow.isEmpty || allow.contains { $0.covers(address, port) })
    }
}
