/// A tenant's URL with its subscription, secrets and limits, as every room sees it: immutable; a change makes a new one.
public final class Endpoint: Sendable {
    public let number: EndpointNumber
    public let tenant: TenantNumber
    /// The tenant's name, for logs and envelopes.
    public let tenantName: String
    /// Unique in its tenant.
    public let name: String
    public let settings: Settings
    /// Its own policy, or the one it inherits.
    public let retry: RetryPolicy
    /// Its tenant's share of a sender.
    public let tenantWeight: Int
    /// Networks that the operator opens to its tenant's endpoints beyond the server's.
    public let tenantNetworks: [String]

    /// Why we stopped sending to an endpoint, though its owner wants it enabled. Its deliveries wait, new events pass it by; putting
    /// its settings again enables it.
    public struct Disablement: Sendable, Equatable {
        public enum Reason: UInt8, Sendable {
            /// It answered 410 (RFC 9110, 15.5.11).
            case gone = 1
            /// It failed for `Limits.failingMilliseconds` without one success.
            case failing = 2
        }

        public var reason: Reason
        /// Unix milliseconds.
        public var at: Int64

        public init(reason: Reason, at: Int64) {
            self.reason = reason
            self.at = at
        }
    }

    /// What its owner chooses.
    public struct Settings: Sendable, Equatable {
        /// In canonical form: scheme, host, port, path, query; no user-info, no fragment.
        public var url: String
        public var subscription: Subscription
        /// Which headers and texts sign: a preset's name (`standard`), or a scheme of the owner's own in its written form.
        public var scheme: String
        /// Live secrets, newest first. Never logged.
        public var secrets: [EndpointSecret]
        public var body = BodyForm.raw
        /// Added to every message, in this order.
        public var headers: [CustomHeader] = []
        public var order = DeliveryOrder.none
        /// Nil: one POST for each event.
        public var batch: BatchRule?
        /// Nil: its tenant's, or the server's.
        public var retry: RetryPolicy?
        /// Attempts a second; nil: no limit. Over it deliveries wait.
        public var rate: Rate?
        /// Deliveries in flight at most.
        public var window: Int
        /// Whole attempt, milliseconds.
        public var timeout: Int64
        public var enabled: Bool
        /// How it is reached; nil: as the server reaches everybody.
        public var connection: EndpointConnection?

        /// - Parameter secrets: in their written form, without an end.
        public init(
            url: String, subscription: Subscription = .all, scheme: String = "standard", secrets: [String],
            retry: RetryPolicy? = nil, window: Int = Limits.endpointWindow,
            timeout: Int64 = Limits.attemptMilliseconds, enabled: Bool = true
        ) {
            self.url = url
            self.subscription = subscription
            self.scheme = scheme
            self.secrets = secrets.map { EndpointSecret($0) }
            self.retry = retry
            self.window = window
            self.timeout = timeout
            self.enabled = enabled
        }
    }

    public init(
        number: EndpointNumber, tenant: TenantNumber, tenantName: String, name: String, settings: Settings,
        inherited: Inherited = Inherited(), tenantNetworks: [String] = []
    ) {
        self.number = number
        self.tenant = tenant
        self.tenantName = tenantName
        self.name = name
        self.settings = settings
        retry = settings.retry ?? inherited.retry
        tenantWeight = inherited.tenantWeight
        self.tenantNetworks = tenantNetworks
    }
}
