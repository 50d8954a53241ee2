import DurableQueue
import Settings
import Store
import WebhookModel

/// The changes that make the store contain what the provisioning file describes. Pure.
///
/// When something is removed from the file, only rows that the file created are affected: endpoints and keys are
/// removed, and a tenant is disabled, because its events still exist.
enum Convergence {
    static func changes(from present: TenancySnapshot, to plan: ProvisioningPlan) -> [TenancyChange] {
        tenants(present, plan) + endpoints(present, plan) + keys(present, plan)
    }

    private static func tenants(_ present: TenancySnapshot, _ plan: ProvisioningPlan) -> [TenancyChange] {
        let wanted = Set(plan.tenants.map(\.name))
        let known = Dictionary(uniqueKeysWithValues: present.tenants.map { ($0.value.name, $0) })
        let puts = plan.tenants.filter { tenant in
            guard let stored = known[tenant.name] else { return true }
            return stored.value.enabled != tenant.enabled || stored.value.settings != tenant.settings
                || stored.origin != .provisioned
        }
        let gone = present.tenants.filter {
            $0.origin == .provisioned && $0.value.enabled && !wanted.contains($0.value.name)
        }
        return puts.map { .putTenant(name: $0.name, enabled: $0.enabled, settings: $0.settings, origin: .provisioned) }
            + gone.map {
                .putTenant(name: $0.value.name, enabled: false, settings: $0.value.settings, origin: .provisioned)
            }
    }

    private struct EndpointName: Hashable {
        let tenant: String
        let name: String
    }

    private static func endpoints(_ present: TenancySnapshot, _ plan: ProvisioningPlan) -> [TenancyChange] {
        let tenantNames = Dictionary(uniqueKeysWithValues: present.tenants.map { ($0.value.number, $0.value.name) })
        var known: [EndpointName: Stored<EndpointRow>] = [:]
        for row in present.endpoints {
            known[EndpointName(tenant: tenantNames[row.value.tenant] ?? "", name: row.value.name)] = row
        }
        var changes: [TenancyChange] = []
        var wanted: Set<EndpointName> = []
        for tenant in plan.tenants {
            for endpoint in tenant.endpoints {
                let name = EndpointName(tenant: tenant.name, name: endpoint.name)
                wanted.insert(name)
                if let stored = known[name], stored.value.settings == endpoint.settings, stored.origin == .provisioned {
                    continue
                }
                changes.append(
                    .putEndpoint(
                        tenant: tenant.name, name: endpoint.name, settings: endpoint.settings, origin: .provisioned))
            }
        }
        // A tenant that is removed from the file keeps its endpoints: it is disabled, and its deliveries wait.
        let planned = Set(plan.tenants.map(\.name))
        for (name, row) in known.sorted(by: { $0.value.value.number < $1.value.value.number })
        where row.origin == .provisioned && planned.contains(name.tenant) && !wanted.contains(name) {
            changes.append(.removeEndpoint(tenant: name.tenant, name: name.name))
        }
        return changes
    }

    private static func keys(_ present: TenancySnapshot, _ plan: ProvisioningPlan) -> [TenancyChange] {
        let names = Dictionary(uniqueKeysWithValues: present.tenants.map { ($0.value.number, $0.value.name) })
        let known = Dictionary(uniqueKeysWithValues: present.keys.map { ($0.value.name, $0) })
        let wanted = Set(plan.keys.map(\.name))
        let puts = plan.keys.filter { key in
            guard let stored = known[key.name], stored.origin == .provisioned else { return true }
            return stored.value.settings != key.settings || tenants(of: stored.value, names) != key.tenants
        }
        let gone = present.keys.filter { $0.origin == .provisioned && !wanted.contains($0.value.name) }
        return puts.map {
            .putAPIKey(name: $0.name, tenants: keyTenants($0.tenants), settings: $0.settings, origin: .provisioned)
        } + gone.map { .removeAPIKey(name: $0.value.name) }
    }

    private static func keyTenants(_ tenants: DesiredKey.Tenants) -> TenancyChange.KeyTenants {
        switch tenants {
        case .all: .all
        case .only(let names): .only(names)
        }
    }

    private static func tenants(of key: APIKey, _ names: [TenantNumber: String]) -> DesiredKey.Tenants {
        switch key.tenants {
        case .all: .all
        case .only(let numbers): .only(numbers.compactMap { names[$0] })
        }
    }
}
