import Sender
import Settings
import WebhookModel

/// Reads a provisioning document to its end and notes everything that is wrong. Provisioning.md describes the format.
struct ProvisioningReader {
    let notes: SettingsNotes
    let sources: SettingsSources
    let allowHTTP: Bool
    /// The server's networks; nil: not known, and URLs are not compared with them.
    let addresses: AddressGuard?

    static let topKeys = ["tenants", "api_keys"]
    static let tenantKeys = TenantReader.keys + ["repeat", "endpoints"]

    /// - Parameter root: nil: the document is empty.
    func plan(_ root: SettingsNode?) -> ProvisioningPlan {
        var plan = ProvisioningPlan()
        guard let root else {
            notes.add(SettingsMistake(.missing, path: "", "is empty; expected tenants and api_keys"))
            return plan
        }
        let top = SettingsSection(root, subject: "", path: "", keys: ProvisioningReader.topKeys, notes: notes)
        guard let top else { return plan }
        var names = UniqueNames(of: "tenant")
        for (node, path) in top.members("tenants", needed: true) { plan.tenants += tenants(node, path, &names) }
        let known = Set(plan.tenants.map(\.name))
        let rules = KeyReader.Rules(sources: sources, tenant: "the name of a tenant of this file", known.contains)
        var keyNames = UniqueNames(of: "API key")
        var credentials = UniqueCredentials()
        plan.keys = top.members("api_keys", needed: true).compactMap { node, path in
            KeyReader(rules, notes: notes).key(node, at: path, &keyNames, &credentials)
        }
        return plan
    }

    /// One tenant, or as many as `repeat` asks for.
    private func tenants(_ node: SettingsNode, _ path: String, _ names: inout UniqueNames) -> [DesiredTenant] {
        let written = SettingsSection.writtenName(node)
        let first = SettingsSection(
            node, subject: "tenant \"\(written)\"", path: path, keys: ProvisioningReader.tenantKeys, notes: notes)
        guard var section = first else { return [] }
        guard section.has("repeat") else { return tenant(section, &names).map { [$0] } ?? [] }
        guard let count = section.integer("repeat", 1...Limits.repeatedTenants) else { return [] }
        guard written.contains("{n}") else {
            section.note("name", "must contain {n}, because the tenant is repeated")
            return []
        }
        let width = max(3, String(count - 1).count)
        return (0..<count).compactMap { index in
            let digits = String(index)
            section.number = String(repeating: "0", count: width - digits.count) + digits
            return notes.readCopy { tenant(section, &names) }
        }
    }

    private func tenant(_ section: SettingsSection, _ names: inout UniqueNames) -> DesiredTenant? {
        var tenant = TenantReader(section: section).tenant()
        let members = section.members("endpoints")
        if members.count > Limits.endpointsPerTenant {
            section.note("endpoints", "has \(members.count) members; at most \(Limits.endpointsPerTenant) are allowed")
        }
        var rules = EndpointReader.Rules(sources: sources, allowHTTP: allowHTTP)
        if let addresses, let tenant {
            let networks = tenant.settings.allowNetworks
            rules.refusal = { url, connection in
                // The lists were read before: a mistake in them is noted.
                let own = try? AddressRules(connection, tenantNetworks: networks)
                return addresses.refusal(of: url, under: own)?.statement
            }
        }
        var endpointNames = UniqueNames(of: "endpoint of the tenant")
        let endpoints = members.compactMap { node, path in
            EndpointReader(rules, notes: notes).endpoint(node, at: path, of: section, &endpointNames)
        }
        tenant?.endpoints = endpoints
        if let tenant { names.take(tenant.name, section) }
        return tenant
    }
}
