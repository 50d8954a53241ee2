extension Endpoint {
    /// What an endpoint has from its tenant and, where that says nothing, from the server. The writer resolves it when it makes the
    /// object; the stored row keeps what its owner chose, so a changed default reaches the endpoint at once.
    public struct Inherited: Sendable, Equatable {
        public var retry: RetryPolicy
        public var tenantWeight: Int

        public init(retry: RetryPolicy = .standard, tenantWeight: Int = 1) {
            self.retry = retry
            self.tenantWeight = tenantWeight
        }
    }
}
