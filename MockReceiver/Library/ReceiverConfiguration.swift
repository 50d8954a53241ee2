/// How a receiver is set up. The defaults suit a test that embeds it.
public struct ReceiverConfiguration: Sendable {
    /// The address to listen on, both ports.
    public var host = "127.0.0.1"
    /// The data port; 0: the system chooses.
    public var port = 0
    /// The admin port; 0: the system chooses; nil: none.
    public var adminPort: Int?
    /// What tools and browsers call this host at the admin port, beside its addresses, `localhost`, its own name and `host`: other names are
    /// refused, for they may have been pointed here by a page that wants to read along.
    public var adminNames: [String] = []
    /// Data port for HTTPS, HTTP/1.1 and HTTP/2 (ALPN), with a certificate of a throw-away CA; 0: the system chooses; nil: none.
    public var tlsPort: Int?
    /// What senders call this host in `https:` URLs, beside `localhost`, the loopback addresses and `host`.
    public var tlsNames: [String] = []
    /// Event loops of the data port. More than one only where the sender and its load leave cores free.
    public var loops = 1
    public var program = BehaviourProgram()
    /// Seconds that a signature's timestamp may be off, either way.
    public var tolerance: Int64 = 300
    /// Messages in the accounts: 88 bytes each once seen, and 6 to 12 bytes each from the start. Beyond it reports are inconclusive.
    public var messageCap = 1_000_000
    /// Paths that get counters of their own; the others share one.
    public var endpointCap = 16_384
    /// Ordering keys, where a program expects an order: about 80 bytes each. Beyond it reports are inconclusive.
    public var orderKeyCap = 100_000
    /// Latest requests kept with head and body; 0: none, for speed.
    public var journalCapacity = 0
    /// Bytes of head and of body kept per request in memory.
    public var journalExcerptBytes = 4_096
    /// A file to which every request is appended, head and body whole, as NDJSON; nil: none. 64 MiB may wait for the disk.
    public var journalFile: String?
    /// Bytes of a request's head (or of its trailers), and of its body: beyond them 431 and 413.
    public var headBytes = 32 * 1024
    public var bodyBytes = 4 * 1024 * 1024

    public init() {}
}
