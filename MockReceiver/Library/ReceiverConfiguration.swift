/// The settings of a receiver. The defaults suit a test that embeds it.
public struct ReceiverConfiguration: Sendable {
    /// The address that both ports listen on.
    public var host = "127.0.0.1"
    /// The data port; 0: the system chooses.
    public var port = 0
    /// The admin port; 0: the system chooses; nil: none.
    public var adminPort: Int?
    /// Names under which tools and browsers reach the admin port, in addition to its addresses, `localhost`, its own
    /// name and `host`. Other names are refused, because a web page may have pointed them here in order to read.
    public var adminNames: [String] = []
    /// Data port for HTTPS, HTTP/1.1 and HTTP/2 (ALPN), with a certificate of a throw-away CA; 0: the system chooses; nil: none.
    public var tlsPort: Int?
    /// Names under which senders reach this host in `https:` URLs, in addition to `localhost`, the loopback addresses
    /// and `host`.
    public var tlsNames: [String] = []
    /// The authority of the HTTPS port's certificates; nil: a new one, which exists as long as the receiver.
    public var tlsAuthority: ReceiverAuthority?
    /// Event loops of the data port. More than one helps only if the sender leaves cores free.
    public var loops = 1
    public var program = BehaviourProgram()
    /// Seconds that a signature's timestamp may differ, in both directions.
    public var tolerance: Int64 = 300
    /// Messages in the accounts: 88 bytes each once seen, and 6 to 12 bytes each from the start. Beyond it reports are
    /// inconclusive.
    public var messageCap = 1_000_000
    /// Paths with separate counters; the others share one set.
    public var endpointCap = 16_384
    /// Ordering keys, if a program expects an order: about 80 bytes each. Beyond it reports are inconclusive.
    public var orderKeyCap = 100_000
    /// The number of latest requests kept with head and body; 0: none, for speed.
    public var journalCapacity = 0
    /// Bytes of head and of body kept per request in memory.
    public var journalExcerptBytes = 4_096
    /// A file to which every request is appended with whole head and body, as NDJSON; nil: none. At most 64 MiB wait
    /// for the disk.
    public var journalFile: String?
    /// The most bytes of a request's head (or of its trailers), and of its body; beyond them 431 and 413.
    public var headBytes = 32 * 1024
    public var bodyBytes = 4 * 1024 * 1024

    public init() {}
}
