extension Endpoint {
    /// What an endpoint has from its tenant and, where that says nothing, from the server. The writer resolves it when it makes the
    /// object; the stored row keeps what its owner chose, so a changed default reaches the endpoint at once.
    public struct Inherited: Sendable, Equatable {
        public var retry: RetryPolicy
        public var tenantWeight: Int
        /// Networks that the operator opens to its tenant's endpoints beyond the server's.
        public var networks: [String]

        public init(retry: RetryPolicy = .standard, tenantWeight: Int = 1, networks: [String] = []) {
            self.retry = retry
            self.tenantWeight = tenantWeight
            self.networks = networks
        }
    }
}
