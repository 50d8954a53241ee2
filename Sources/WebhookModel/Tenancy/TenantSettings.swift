extension Tenant {
    /// What an operator chooses for one tenant: its share of the machine, and defaults for its endpoints.
    public struct Settings: Sendable, Equatable {
        /// For endpoints without a policy of their own; nil: the server's.
        public var retry: RetryPolicy?
        /// Attempts per second of all its endpoints together; nil: no limit. Deliveries over the rate wait.
        public var rate: Rate?
        /// Its share of a sender relative to other tenants: the number of deliveries per turn.
        public var weight = 1
        /// Attempts after the first, per second, of all its deliveries; nil: the server's limit. A retry over it is
        /// made later.
        public var retriesPerSecond: Int?
        /// The number of pending deliveries at which its events are THROTTLED; nil: the server's.
        public var backlog: Int?
        /// Internal networks that its endpoints may use, in addition to the server's: `10.0.0.0/8`, `10.1.2.3:8080`.
        public var allowNetworks: [String] = []

        public init() {}
    }
}
