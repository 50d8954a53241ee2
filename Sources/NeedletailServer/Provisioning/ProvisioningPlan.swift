public import Settings

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

    public var endpointCount: Int { tenants.reduce(0) { $0 + $1.endpoints.count } }
}
