/// What a connection has sent and is not answered yet.
struct Window {
    private(set) var events = 0
    private(set) var bytes = 0

    var isEmpty: Bool { events == 0 }

    mutating func add(events: Int, bytes: Int) {
        self.events += events
        self.bytes += bytes
    }

    mutating func remove(events: Int, bytes: Int) {
        self.events -= events
        self.bytes -= bytes
    }
}

/// Limits how often something happens in a second. Counts in windows of one second.
struct RateLimit {
    private var windowStart: Int64 = 0
    private var count = 0

    /// Counts one. False: over the limit.
    mutating func admit(limit: Int, now: Int64) -> Bool {
        if now - windowStart >= 1_000_000_000 {
            windowStart = now
            count = 0
        }
        count += 1
        return count <= limit
    }
}
