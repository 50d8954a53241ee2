/// Reads the settings of one endpoint from a document of its own, as an API receives it.
public struct EndpointSettingsReader: Sendable {
    private let rules: EndpointReader.Rules

    /// - Parameters:
    ///   - sources: where secrets and certificates may come from, besides the document.
    ///   - allowHTTP: whether `http://` is accepted.
    ///   - mayLackSecret: whether the secret may be absent; the settings then have none, and the caller generates one.
    public init(sources: SettingsSources = .none, allowHTTP: Bool = false, mayLackSecret: Bool = false) {
        rules = EndpointReader.Rules(sources: sources, allowHTTP: allowHTTP, mayLackSecret: mayLackSecret)
    }

    /// Reads and validates a whole endpoint.
    ///
    /// - Parameter path: JSON pointer to the node: `/endpoints/0`; empty: the node is the document.
    /// - Returns: the endpoint, or everything that is wrong with it.
    public func read(_ node: SettingsNode, at path: String = "") -> Result<DesiredEndpoint, SettingsMistakes> {
        let notes = SettingsNotes()
        var names = UniqueNames(of: "endpoint")
        return notes.result(EndpointReader(rules, notes: notes).endpoint(node, at: path, &names))
    }
}

/// Reads the settings of one tenant, without endpoints.
public struct TenantSettingsReader: Sendable {
    public init() {}

    /// Reads and validates a whole tenant; see ``EndpointSettingsReader``.
    public func read(_ node: SettingsNode, at path: String = "") -> Result<DesiredTenant, SettingsMistakes> {
        let notes = SettingsNotes()
        let section = SettingsSection(
            node, subject: "tenant \"\(SettingsSection.writtenName(node))\"", path: path, keys: TenantReader.keys,
            notes: notes)
        return notes.result(section.flatMap { TenantReader(section: $0).tenant() })
    }
}

/// Reads the settings of one API key.
public struct KeySettingsReader: Sendable {
    private let rules: KeyReader.Rules

    /// - Parameters:
    ///   - sources: where the key may come from, besides the document.
    ///   - mayLackKey: whether the key may be absent; its digest is then empty, and the caller generates a key.
    ///   - isTenant: whether a tenant of this name exists.
    public init(
        sources: SettingsSources = .none, mayLackKey: Bool = false, isTenant: @escaping @Sendable (String) -> Bool
    ) {
        rules = KeyReader.Rules(sources: sources, mayLackKey: mayLackKey, tenant: "the name of a tenant", isTenant)
    }

    /// Reads and validates a whole API key; see ``EndpointSettingsReader``.
    public func read(_ node: SettingsNode, at path: String = "") -> Result<DesiredKey, SettingsMistakes> {
        let notes = SettingsNotes()
        var names = UniqueNames(of: "API key")
        var credentials = UniqueCredentials()
        return notes.result(KeyReader(rules, notes: notes).key(node, at: path, &names, &credentials))
    }
}
