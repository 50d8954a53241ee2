/// What is recorded about one path.
struct EndpointAccount {
    let path: String
    var counters = ReceiverCounters()
    /// Requests not yet answered.
    private(set) var inFlight = 0
    /// When its first 410 was written, Unix nanoseconds.
    private(set) var goneAt: Int64?
    private(set) var gaps: [ObservedGap] = []
    private var buckets: [Int: TokenBucket] = [:]
    private var orderBook = OrderBook()
    private var latency: LatencyTally?

    /// Requests that were in flight when the 410 was written may still come.
    private static let goneGrace: Int64 = 1_000_000_000

    init(path: String) { self.path = path }

    var stats: EndpointStats { EndpointStats(path: path, counters: counters, gaps: gaps, latency: latency?.report) }

    func isGone(at now: Int64) -> Bool { goneAt.map { now - $0 > EndpointAccount.goneGrace } ?? false }

    mutating func begin() { inFlight += 1 }
    mutating func end() { inFlight -= 1 }

    mutating func noteGone(at now: Int64) { goneAt = goneAt ?? now }

    /// Records a gap before attempt 2, 3, …
    mutating func add(gap: Int, attempt: Int) {
        let step = min(attempt - 2, ObservedGap.mostSteps - 1)
        while gaps.count <= step { gaps.append(ObservedGap()) }
        gaps[step].add(gap)
    }

    /// nil: within the limit; else nanoseconds until the next token.
    mutating func take(_ limit: RateLimit, rule: Int, now: Int64) -> Int64? {
        buckets[rule, default: TokenBucket(limit, now: now)].take(limit, now: now)
    }

    /// The rules changed, so their buckets start again.
    mutating func dropBuckets() { buckets = [:] }

    mutating func accept(_ mark: OrderMark, mayGrow: Bool) -> OrderBook.Change? {
        orderBook.accept(mark, mayGrow: mayGrow)
    }

    mutating func add(latency microseconds: Int) {
        latency = latency ?? LatencyTally()
        latency?.add(microseconds)
    }
}
