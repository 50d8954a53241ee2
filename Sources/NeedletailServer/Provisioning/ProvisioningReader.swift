import WebhookModel
import Yams

/// Reads a provisioning file to its end and notes everything that is wrong; Provisioning.md describes the format.
struct ProvisioningReader {
    let notes: ProvisioningNotes
    let endpoints: EndpointReader
    let secrets: SecretSources

    static let topKeys = ["tenants", "api_keys"]
    static let tenantKeys = ["name", "enabled", "repeat", "endpoints"] + TenantSettingsReader.keys
    /// A repeated block is for load tests; more would take minutes to converge.
    static let repeats = 1...100_000

    func plan() -> ProvisioningPlan {
        guard let root = notes.file.root else {
            notes.add(nil, "is empty; it needs `tenants:` and `api_keys:`")
            return ProvisioningPlan()
        }
        let top = ProvisioningSection(mapping: root, label: "file", keys: ProvisioningReader.topKeys, notes: notes)
        var plan = ProvisioningPlan()
        var names = UniqueNames(what: "tenant", notes: notes)
        for node in top.members("tenants") { plan.tenants += tenants(node, &names) }
        var keyNames = UniqueNames(what: "API key", notes: notes)
        var openers = UniqueOpeners()
        let keys = KeyReader(notes: notes, secrets: secrets, tenants: Set(plan.tenants.map(\.name)))
        plan.keys = top.members("api_keys").compactMap { keys.key($0, &keyNames, &openers) }
        return plan
    }

    /// One tenant, or as many as `repeat` says.
    private func tenants(_ node: Node, _ names: inout UniqueNames) -> [DesiredTenant] {
        let written = ProvisioningSection.writtenName(node)
        let label = "tenant \"\(written)\""
        let first = ProvisioningSection(node, label: label, keys: ProvisioningReader.tenantKeys, notes: notes)
        guard var section = first else { return [] }
        guard section.has("repeat") else { return tenant(section, &names).map { [$0] } ?? [] }
        guard let count = section.integer("repeat", ProvisioningReader.repeats) else { return [] }
        guard written.contains("{n}") else {
            section.note("name", "is repeated, so it must contain {n}")
            return []
        }
        let width = max(3, String(count - 1).count)
        return (0..<count).compactMap { index in
            let digits = String(index)
            section.number = String(repeating: "0", count: width - digits.count) + digits
            return tenant(section, &names)
        }
    }

    private func tenant(_ section: ProvisioningSection, _ names: inout UniqueNames) -> DesiredTenant? {
        let enabled = section.truth("enabled") ?? true
        let settings = TenantSettingsReader(section: section).settings()
        var endpointNames = UniqueNames(what: "endpoint", notes: notes)
        let endpoints = section.members("endpoints").compactMap {
            self.endpoints.endpoint($0, of: section, &endpointNames)
        }
        if section.members("endpoints").count > Limits.endpointsPerTenant {
            section.note("endpoints", "more than \(Limits.endpointsPerTenant)")
        }
        guard let name = section.text("name", needed: true) else { return nil }
        guard Tenant.isValidName(Array(name.utf8)) else {
            section.note("name", "give 1 to \(Limits.tenantNameBytes) of A-Z a-z 0-9 _ . -")
            return nil
        }
        names.take(name, section)
        return DesiredTenant(name: name, enabled: enabled, settings: settings, endpoints: endpoints)
    }
}

/// Notes the second use of a name.
struct UniqueNames {
    let what: String
    let notes: ProvisioningNotes
    private var seen: Set<String> = []

    init(what: String, notes: ProvisioningNotes) {
        self.what = what
        self.notes = notes
    }

    mutating func take(_ name: String, _ section: ProvisioningSection) {
        if !seen.insert(name).inserted {
            section.note("name", "another \(what) has this name already; rename one of them")
        }
    }
}
