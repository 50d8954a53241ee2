public import WebhookModel

/// What an endpoint and its tenant say about addresses beside the server's guard. Immutable; one per endpoint that says anything.
public final class AddressRules: Sendable {
    private let allow: [AddressGuard.Allowance]
    private let deny: [AddressGuard.Allowance]
    /// What the operator opens to the tenant.
    let opened: [AddressGuard.Allowance]

    /// Nil where nothing is said.
    ///
    /// - Throws: the entry that cannot be read.
    public init?(_ endpoint: Endpoint) throws(AddressGuardError) {
        let connection = endpoint.settings.connection
        allow = try AddressGuard.Allowance.list(connection?.allowNetworks ?? [])
        deny = try AddressGuard.Allowance.list(connection?.denyNetworks ?? [])
        opened = try AddressGuard.Allowance.list(endpoint.tenantNetworks)
        if allow.isEmpty, deny.isEmpty, opened.isEmpty { return nil }
    }

    /// Whether the endpoint's own lists let the address pass; the guard has the last word.
    func permits(_ address: IPAddress, _ port: UInt16) -> Bool {
        !deny.contains { $0.covers(address, port) } && (allow.isEmpty || allow.contains { $0.covers(address, port) })
    }
}
