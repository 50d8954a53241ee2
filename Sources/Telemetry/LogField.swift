/// Names of log fields: one per meaning, in every room, so that a search for a tenant finds all of it.
///
/// Values never hold a payload, a secret, an API key or a URL's query.
public enum LogField {
    public static let tenant = "tenant"
    public static let endpoint = "endpoint"
    /// The event's id as the receiver sees it: `evt_` and 32 hex digits.
    public static let event = "event"
    public static let apiKey = "api_key"
    /// A producer's address and port.
    public static let peer = "peer"
    public static let attempt = "attempt"
    public static let outcome = "outcome"
    /// HTTP status, or a protocol status by name.
    public static let status = "status"
    public static let address = "address"
    public static let port = "port"
    public static let milliseconds = "ms"
    public static let bytes = "bytes"
    public static let count = "count"
    public static let path = "path"
    public static let reason = "reason"
}
