/// A producer's key as it is stored: never the key itself, only its SHA-256.
public struct APIKey: Sendable, Equatable {
    /// The tenants for which the key may publish.
    public enum Tenants: Sendable, Equatable {
        case all
        case only([TenantNumber])
    }

    /// What the key's owner chose.
    public struct Settings: Sendable, Equatable {
        /// SHA-256 of the key's bytes: 32 bytes. Empty: the key can be used with a client certificate only.
        public var digest: [UInt8]
        /// Never empty.
        public var scopes: [Scope]
        /// Events per second over all its connections; nil: no limit but the queue's.
        public var rate: Rate?
        /// Unix milliseconds; from then on the key is refused. nil: never.
        public var expiresAt: Int64?
        /// Client certificates that stand for the key: `sha256:` and 64 hex digits of the certificate's digest, or a
        /// name, which is one of its subject alternative names (DNS, URI, e-mail) or its common name.
        public var clientCertificates: [String]

        public init(
            digest: [UInt8], scopes: [Scope] = [.publish(.everything)], rate: Rate? = nil, expiresAt: Int64? = nil,
            clientCertificates: [String] = []
        ) {
            self.digest = digest
            self.scopes = scopes
            self.rate = rate
            self.expiresAt = expiresAt
            self.clientCertificates = clientCertificates
        }
    }

    /// A name for logs and for operators; unique.
    public var name: String
    public var tenants: Tenants
    public var settings: Settings

    public init(name: String, tenants: Tenants, settings: Settings) {
        self.name = name
        self.tenants = tenants
        self.settings = settings
    }
}

extension APIKey {
    /// One thing that a key may be used for.
    public enum Scope: Sendable, Hashable {
        /// Publish events whose type matches.
        case publish(Subscription.Pattern)
        /// Everything that can be read, or everything that can be read and changed.
        case read, manage
        /// One kind of thing of the management API.
        case area(Area)

        /// Scopes of the management API that concern one kind of thing.
        public enum Area: String, Sendable, CaseIterable {
            case webhooksRead = "webhooks:read"
            case webhooksWrite = "webhooks:write"
            case eventsRead = "events:read"
            case deliveriesRead = "deliveries:read"
            case deliveriesWrite = "deliveries:write"
            /// Show secrets after their creation. Neither `read` nor `manage` stands for it.
            case secretReveal = "secret:reveal"
            case tenantsManage = "tenants:manage"
            case keysManage = "keys:manage"
            case metricsRead = "metrics:read"
            case auditRead = "audit:read"

            /// `webhook:read` and `webhook:write` are accepted spellings.
            init?(spelled text: String) {
                self.init(rawValue: text.hasPrefix("webhook:") ? "webhooks:" + text.dropFirst(8) : text)
            }
        }

        /// The scopes by name, for messages.
        public static let expected =
            "publish, publish:order.*, read, manage or one of "
            + Area.allCases.map(\.rawValue).joined(separator: ", ")

        /// Reads `publish`, `publish:PATTERN`, `read`, `manage` or an `Area`. nil: anything else.
        public init?(_ text: String) {
            switch text {
            case "publish": self = .publish(.everything)
            case "read": self = .read
            case "manage": self = .manage
            default:
                if let area = Area(spelled: text) {
                    self = .area(area)
                    return
                }
                guard text.hasPrefix("publish:"), let pattern = Subscription.Pattern(String(text.dropFirst(8)))
                else { return nil }
                self = .publish(pattern)
            }
        }

        /// As it is stored and shown.
        public var text: String {
            switch self {
            case .publish(.everything): "publish"
            case .publish(let pattern): "publish:\(pattern.text)"
            case .read: "read"
            case .manage: "manage"
            case .area(let area): area.rawValue
            }
        }
    }
}

extension APIKey.Settings {
    /// The event types that may be published; nil: none.
    public var publishes: Subscription? {
        let patterns = scopes.compactMap { scope in
            if case .publish(let pattern) = scope { pattern } else { nil }
        }
        return patterns.isEmpty ? nil : Subscription(patterns)
    }
}
