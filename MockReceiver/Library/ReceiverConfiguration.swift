/// How a receiver is set up. The defaults suit a test that embeds it.
public struct ReceiverConfiguration: Sendable {
    /// The address to listen on, both ports.
    public var host = "127.0.0.1"
    /// The data port; 0: the system chooses.
    public var port = 0
    /// The admin port; 0: the system chooses; nil: none.
    public var adminPort: Int?
    /// Event loops of the data port. More than one only where the sender and its load leave cores free.
    public var loops = 1
    public var program = BehaviourProgram()
    /// Seconds that a signature's timestamp may be off, either way.
    public var tolerance: Int64 = 300
    /// Messages in the accounts: 72 bytes each once seen, and 6 to 12 bytes each from the start.
    public var messageCap = 1_000_000
    /// Paths that get counters of their own; the others share one.
    public var endpointCap = 16_384
    /// Latest requests kept with head and body; 0: none, for speed.
    public var journalCapacity = 0
    /// Bytes of head and of body kept per journal entry.
    public var journalExcerptBytes = 4_096
    /// Bytes of a request's head (or of its trailers), and of its body: beyond them 431 and 413.
    public var headBytes = 32 * 1024
    public var bodyBytes = 4 * 1024 * 1024

    public init() {}
}
