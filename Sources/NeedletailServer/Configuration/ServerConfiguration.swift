public import Ingest
public import Logging
import WebhookModel

/// All settings of the server, with their defaults. The generated file (`needletail config default`) is the manual.
///
/// Sizes are in bytes, times in milliseconds. Values from `load` are within their ranges.
public struct ServerConfiguration: Sendable, Equatable {
    /// The directory of the store; created if it does not exist.
    public var dataDirectory = "needletail-data"
    /// Tenants, keys and endpoints to apply at start; nil: the store is not changed.
    public var provisioningFile: String?
    /// Whether the provisioning file may remove more than half of the endpoints or API keys.
    public var allowRemoval = false
    public var ingest = IngestSection()
    public var api = APISection()
    public var queue = QueueSection()
    public var retry = RetrySection()
    public var sender = SenderSection()
    public var secrets = SecretsSection()
    public var log = LogSection()
    /// How long a stop waits for attempts in flight and for answers to producers.
    public var shutdownGrace = Limits.shutdownGraceMilliseconds

    public init() {}

    /// The binary protocol.
    public struct IngestSection: Sendable, Equatable {
        public var host = "127.0.0.1"
        /// 0: the system chooses; `portFile` contains the choice.
        public var port = 7400
        /// A file that gets the bound port, in decimal and with a line feed, after the listener is bound.
        public var portFile: String?
        /// Whether an address other than loopback may be served without TLS.
        public var allowPlaintext = false
        /// Whether to listen on `host` and `port`; false: on the Unix socket only.
        public var tcp = true
        /// A Unix socket to listen on; nil: none.
        public var unixSocket: String?
        /// The mode of the socket file.
        public var unixSocketMode: UInt16 = 0o660
        public var tls = TLSSection()
        /// Event loops; 0: one, and one more for every four cores beyond the first four.
        public var threads = 0
        public var frameBytes = Limits.frameBytes
        public var payloadBytes = Limits.payloadBytes
        public var eventsPerFrame = Limits.eventsPerFrame
        public var windowEvents = Limits.windowEvents
        public var windowBytes = Limits.windowBytes
        public var connections = Limits.connections
        public var unauthenticatedConnections = Limits.unauthenticatedConnections
        public var unauthenticatedConnectionsPerAddress = Limits.unauthenticatedConnectionsPerAddress
        public var helloMilliseconds = Limits.helloMilliseconds
        public var idleMilliseconds = Limits.idleMilliseconds
    }

    /// The management API.
    public struct APISection: Sendable, Equatable {
        /// False: no listener, and no first key is made.
        public var enabled = true
        public var host = "127.0.0.1"
        /// 0: the system chooses; `portFile` contains the choice.
        public var port = 7480
        /// A file that gets the bound port, as that of ingest.
        public var portFile: String?
        /// Whether an address other than loopback may be served without TLS.
        public var allowPlaintext = false
        public var connections = Limits.apiConnections
    }

    /// The files for TLS on the ingest port; all nil: plaintext.
    public struct TLSSection: Sendable, Equatable {
        public var certificate: String?
        public var key: String?
        public var clientCA: String?
        public var clientCertificates = TLSSettings.ClientCertificates.none
    }

    /// The store and its writer. Durability cannot be chosen: every receipt follows an fdatasync.
    public struct QueueSection: Sendable, Equatable {
        /// Address space of the store, fixed at the start; the file grows up to it.
        public var mapBytes = Limits.mapBytes
        /// Free bytes of the file system below which new events are refused.
        public var diskReserveBytes = Int(Limits.diskReserveBytes)
        /// How long finished events and their ids are kept: the dedup window.
        public var retentionMilliseconds = Limits.retentionMilliseconds
        public var deadLetterMilliseconds = Limits.deadLetterMilliseconds
        /// Pending deliveries of a tenant at which its events are THROTTLED, unless the tenant has its own limit.
        public var tenantBacklog = Limits.tenantBacklog
        /// How long the deliveries of a removed endpoint wait for it to be created again.
        public var removedHoldMilliseconds = Limits.removedHoldMilliseconds
    }

    /// The retry policy where neither the endpoint nor its tenant has one.
    public struct RetrySection: Sendable, Equatable {
        /// Milliseconds; not used where there is a rule.
        public var delays = RetryPolicy.standard.delays
        public var jitterPercent = RetryPolicy.standard.jitterPercent
        /// Number of attempts by the rule; 0: there is no rule.
        public var maxAttempts = 0
        public var backoffSeconds = RetryRule().backoff / 1_000
        public var factor = RetryRule().factor
        /// Milliseconds.
        public var cap = RetryRule().cap
        /// Retries per second of a tenant that has no rate of its own.
        public var tenantRate = Limits.retriesPerSecond
    }

    /// HTTP attempts.
    public struct SenderSection: Sendable, Equatable {
        /// Sender threads; 0: one per core, at most eight.
        public var threads = 0
        public var transfersPerThread = Limits.transfersPerSender
        public var connectMilliseconds = Limits.connectMilliseconds
        public var breakerOpenMilliseconds = Limits.breakerOpenMilliseconds
        /// Whether `http://` endpoints may be used.
        public var allowHTTP = false
        /// Networks that the address guard allows, `CIDR` or `CIDR:port`.
        public var allowNetworks: [String] = []
        /// Networks that it never allows, in the same form.
        public var denyNetworks: [String] = []
        /// PEM file of the accepted authorities of endpoints' certificates; nil: those of the system.
        public var authoritiesFile: String?
        /// `http://host:port` of the proxy for all attempts; nil: none.
        public var proxy: String?
        public var proxyUser: String?
        public var proxyPasswordFile: String?
    }

    /// How the secrets of endpoints are stored. The keys themselves are never part of a configuration.
    public struct SecretsSection: Sendable, Equatable {
        /// nil: the variable `NEEDLETAIL_MASTER_KEY` may contain the key. Without either, secrets are stored in
        /// plaintext.
        public var masterKeyFile: String?
        /// Former keys: they decrypt what is encrypted with the new key at the next start.
        public var previousMasterKeyFiles: [String] = []
    }

    public struct LogSection: Sendable, Equatable {
        /// How a line looks.
        public enum Format: String, Sendable, CaseIterable {
            case text, json
        }

        public var level = Logger.Level.info
        public var format = Format.text
    }
}
