extension Endpoint {
    /// What an endpoint takes from its tenant and, if the tenant says nothing, from the server. The writer resolves it
    /// when it makes the object. The stored row keeps only what the owner chose, so a changed default applies at once.
    public struct Inherited: Sendable, Equatable {
        public var retry: RetryPolicy
        public var tenantWeight: Int
        /// Networks that the operator allows for this tenant's endpoints, in addition to the server's.
        public var networks: [String]

        public init(retry: RetryPolicy = .standard, tenantWeight: Int = 1, networks: [String] = []) {
            self.retry = retry
            self.tenantWeight = tenantWeight
            self.networks = networks
        }
    }
}
