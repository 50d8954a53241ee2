public import Settings
import WebhookModel

/// What a provisioning file wants the store to contain: tenants, endpoints and API keys, validated, in the order of the
/// file.
///
/// Names are unique: of tenants and of API keys in the file, of endpoints in their tenant.
public struct ProvisioningPlan: Sendable, Equatable {
    public var tenants: [DesiredTenant]
    public var keys: [DesiredKey]

    public init(tenants: [DesiredTenant] = [], keys: [DesiredKey] = []) {
        self.tenants = tenants
        self.keys = keys
    }

    /// What is valid and may not be meant.
    public var warnings: [String] {
        tenants.flatMap { tenant in
            tenant.endpoints.filter { !$0.settings.enabled }.map {
                "endpoint \"\($0.name)\" of tenant \"\(tenant.name)\" has enabled: false: events that come meanwhile are not kept for it; paused: true keeps them"
            }
        }
    }

    public var endpointCount: Int { tenants.reduce(0) { $0 + $1.endpoints.count } }
}
