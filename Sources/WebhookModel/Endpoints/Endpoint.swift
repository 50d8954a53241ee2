import Synchronization

/// A tenant's URL with its subscription, secrets and limits, as every room uses it. Immutable: a change makes a new
/// object, and retires the one before it.
public final class Endpoint: Sendable {
    public let number: EndpointNumber
    public let tenant: TenantNumber
    /// The tenant's name, for logs and envelopes.
    public let tenantName: String
    /// Unique within its tenant.
    public let name: String
    public let settings: Settings
    /// Its own policy, or the inherited one.
    public let retry: RetryPolicy
    /// The share of a sender that its tenant gets.
    public let tenantWeight: Int
    /// Networks that the operator allows for this tenant's endpoints, in addition to the server's.
    public let tenantNetworks: [String]
    /// Stands for the URL: what is found out about an endpoint is about its destination, and says nothing about another
    /// one. `FNV1a` of the URL's bytes, and never 0.
    public let destination: UInt64

    private let retired = Atomic(false)

    /// Nothing more is sent by this object: a newer one took its place, or the endpoint was removed, paused or disabled.
    /// Whoever is about to begin an attempt gives the delivery back instead.
    public var isRetired: Bool { retired.load(ordering: .relaxed) }

    /// For the queue, which makes the objects. Other threads see it soon, and at the latest when they next synchronise.
    public func retire() { retired.store(true, ordering: .relaxed) }

    /// Why we stopped sending to an endpoint although its owner wants it enabled. Its deliveries wait, those of new
    /// events too; after `Limits.disabledHoldMilliseconds` they become dead letters. Writing its settings again enables
    /// it.
    public struct Disablement: Sendable, Equatable {
        public enum Reason: UInt8, Sendable {
            /// The endpoint answered 410 (RFC 9110, 15.5.11).
            case gone = 1
            /// It failed again and again for `Limits.failingMilliseconds` without one success.
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

    /// What the owner chooses.
    public struct Settings: Sendable, Equatable {
        /// In canonical form: scheme, host, port, path, query; no user information, no fragment.
        public var url: String
        public var subscription: Subscription
        /// Which headers and texts are signed: a preset's name (`standard`), or a custom scheme in its written form.
        public var scheme: String
        /// Live secrets, newest first. Never logged.
        public var secrets: [EndpointSecret]
        public var body = BodyForm.raw
        /// Added to every message, in this order.
        public var headers: [CustomHeader] = []
        public var order = DeliveryOrder.none
        /// nil: one POST for each event.
        public var batch: BatchRule?
        /// nil: the tenant's policy, or the server's.
        public var retry: RetryPolicy?
        /// Attempts per second; nil: no limit. Deliveries over the rate wait.
        public var rate: Rate?
        /// The most deliveries in flight.
        public var window: Int
        /// For the whole attempt, in milliseconds.
        public var timeout: Int64
        /// False: it gets no deliveries of events that come meanwhile, and they are not kept for it. Earlier ones wait.
        public var enabled: Bool
        /// Nothing is sent; deliveries wait, those of new events too.
        public var paused = false
        /// How the endpoint is reached; nil: with the server's settings.
        public var connection: EndpointConnection?

        /// - Parameter secrets: in their written form, without an expiry time.
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
        inherited: Inherited = Inherited()
    ) {
        self.number = number
        self.tenant = tenant
        self.tenantName = tenantName
        self.name = name
        self.settings = settings
        retry = settings.retry ?? inherited.retry
        tenantWeight = inherited.tenantWeight
        tenantNetworks = inherited.networks
        destination = Array(settings.url.utf8).withUnsafeBytes { max(FNV1a.hash($0), 1) }
    }
}
