public import Ingest
public import Logging
import WebhookModel

/// Everything that an operator may choose, with its default. The generated file (`needletail config default`) is the manual.
///
/// Sizes are bytes, times milliseconds. Values that came through `load` are within their ranges.
public struct ServerConfiguration: Sendable, Equatable {
    /// The store's directory; made when it is not there.
    public var dataDirectory = "needletail-data"
    /// Tenants, keys and endpoints to converge to at start; nil: the store stays as it is.
    public var provisioningFile: String?
    public var ingest = IngestSection()
    public var queue = QueueSection()
    public var retry = RetrySection()
    public var sender = SenderSection()
    public var secrets = SecretsSection()
    public var log = LogSection()
    /// How long a stop waits for attempts in flight and for answers to producers.
    public var shutdownGrace: Int64 = 20_000

    public init() {}

    /// The mouth: the binary protocol.
    public struct IngestSection: Sendable, Equatable {
        public var host = "127.0.0.1"
        /// 0: the system chooses; `portFile` tells which.
        public var port = 7400
        /// Written with the bound port in decimal and a line feed, after the listener is bound.
        public var portFile: String?
        /// Whether an address other than loopback may be served without TLS.
        public var allowPlaintext = false
        /// Whether `host` and `port` are listened on; false: the Unix socket only.
        public var tcp = true
        /// A Unix socket to listen on; nil: none.
        public var unixSocket: String?
        /// The mode of its file.
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

    /// Files of TLS on the ingest port; all nil: plaintext.
    public struct TLSSection: Sendable, Equatable {
        public var certificate: String?
        public var key: String?
        public var clientCA: String?
        public var clientCertificates = TLSSettings.ClientCertificates.none
    }

    /// The store and its one writer. Durability is not a choice yet: every receipt follows an fdatasync.
    public struct QueueSection: Sendable, Equatable {
        /// Address space of the store, fixed at start; the file grows into it.
        public var mapBytes = 64 << 30
        /// Free bytes of the file system below which new events are refused.
        public var diskReserveBytes = 1 << 30
        /// How long finished events are kept, and their ids with them: the dedup window.
        public var retentionMilliseconds = Limits.retentionMilliseconds
        public var deadLetterMilliseconds = Limits.deadLetterMilliseconds
        /// Pending deliveries of a tenant from which on its events are THROTTLED, where the tenant says nothing else.
        public var tenantBacklog = Limits.tenantBacklog
    }

    /// When a failed attempt is made again, where neither the endpoint nor its tenant says so.
    public struct RetrySection: Sendable, Equatable {
        /// Milliseconds; of no account where there is a rule.
        public var delays = RetryPolicy.standard.delays
        public var jitterPercent = RetryPolicy.standard.jitterPercent
        /// Attempts by rule; 0: there is none.
        public var maxAttempts = 0
        public var backoffSeconds = RetryRule().backoff / 1_000
        public var factor = RetryRule().factor
        /// Milliseconds.
        public var cap = RetryRule().cap
        /// Attempts after the first, a second, of one tenant that says nothing else.
        public var tenantRate = Limits.retriesPerSecond
    }

    /// The mouths to the outside: HTTP attempts.
    public struct SenderSection: Sendable, Equatable {
        /// Sender threads; 0: one per core, at most eight.
        public var threads = 0
        public var transfersPerThread = Limits.transfersPerSender
        public var connectMilliseconds = Limits.connectMilliseconds
        public var breakerOpenMilliseconds = Limits.breakerOpenMilliseconds
        /// Whether `http://` endpoints may be used.
        public var allowHTTP = false
        /// Networks that the address guard lets through, `CIDR` or `CIDR:port`.
        public var allowNetworks: [String] = []
        /// Networks that it never lets through, in the same form.
        public var denyNetworks: [String] = []
        /// PEM file of the authorities that endpoints' certificates must come from; nil: the system's.
        public var authoritiesFile: String?
        /// `http://host:port` of the proxy that attempts go through; nil: none.
        public var proxy: String?
        public var proxyUser: String?
        public var proxyPasswordFile: String?
    }

    /// How endpoints' secrets are kept on disk. The keys themselves are never part of a configuration.
    public struct SecretsSection: Sendable, Equatable {
        /// nil: the variable `NEEDLETAIL_MASTER_KEY` may hold the key; without either, secrets are stored as they are.
        public var masterKeyFile: String?
        /// Keys that sealed before: they open what is to be sealed again at the next start.
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
