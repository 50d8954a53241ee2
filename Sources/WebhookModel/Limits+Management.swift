// Limits of the management API. Apart from the others so that its helpers do not meet in one file.
extension Limits {
    // MARK: Management API

    /// Bytes of a request's body where the route says nothing else: a webhook with headers and certificates is far
    /// smaller, and a client without a key makes the server keep none of it.
    public static let apiBodyBytes = 512 * 1024
    /// Bytes of the body that publishes one event: its payload, whose characters a client may escape, and its other
    /// fields.
    public static let apiEventBytes = 2 * 1024 * 1024
    /// Milliseconds that a body may take. It is looked at when a part comes; a client that sends nothing at all is cut
    /// off by `apiIdleMilliseconds`.
    public static let apiBodyMilliseconds: Int64 = 30_000
    /// Milliseconds without a byte in either direction after which a connection is closed: longer than what clients
    /// keep theirs open for.
    public static let apiIdleMilliseconds: Int64 = 75_000
    /// Bytes of one header field, and of all of a request: a key, a cursor and what proxies add.
    public static let apiHeaderBytes = 16 * 1024
    public static let apiHeaders = 100
    /// Bytes of a path with its query. A cursor has some 200.
    public static let apiTargetBytes = 8 * 1024
    /// Connections at once. More wait in the kernel until one ends: each costs some 20 KiB.
    public static let apiConnections = 4_096
    /// Connections that the kernel keeps until they are accepted.
    public static let apiBacklog = 256
    /// Event loops: they only move bytes. The work is done on the threads of the concurrency runtime.
    public static let apiThreads = 1
    /// Milliseconds that requests in progress get when the server stops.
    public static let apiStopMilliseconds: Int64 = 2_000
    /// Seconds after which a client that was refused for want of room or time may come again (`Retry-After` has no
    /// smaller unit).
    public static let apiRetrySeconds = 1
    /// Bytes of the key in the store that hides numbers in ids and places in cursors.
    public static let identityKeyBytes = 32
}
