extension Tenant {
    /// What an operator chooses for one tenant: its share of the machine, and what its endpoints have where they say nothing.
    public struct Settings: Sendable, Equatable {
        /// For its endpoints that have no policy of their own; nil: the server's.
        public var retry: RetryPolicy?
        /// Attempts a second of all its endpoints together; nil: no limit. Over it deliveries wait.
        public var rate: Rate?
        /// Its share of a sender beside other tenants': turns of so many deliveries.
        public var weight = 1
        /// Attempts after the first, a second, of all its deliveries; nil: the server's. One over it is made later.
        public var retriesPerSecond: Int?
        /// Pending deliveries from which on its events are THROTTLED; nil: the server's.
        public var backlog: Int?

        public init() {}
    }
}
