import WebhookModel

/// Where and how the API listens.
public struct APIConfiguration: Sendable, Equatable {
    public var host = "127.0.0.1"
    /// 0: the system chooses.
    public var port = 0
    public var connections = Limits.apiConnections
    public var bodyMilliseconds = Limits.apiBodyMilliseconds
    public var idleMilliseconds = Limits.apiIdleMilliseconds
    /// Of the `server` header.
    public var version = ""

    public init() {}
}

/// Why the API cannot listen, and what the operator can do.
public struct APIStartError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
}
