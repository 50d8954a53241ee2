/// What a correct sender does at these paths. Senders are compared with it; without one they are only counted.
public struct ExpectedConduct: Sendable, Equatable {
    public var pattern: PathPattern
    /// Milliseconds between the end of one attempt's answer and the next attempt: between attempts 1 and 2, 2 and 3, …;
    /// the last applies to all further ones. Empty: not checked.
    public var gaps: [Int]
    /// The share by which a gap may differ, in both directions, 0…1; and `slack` milliseconds in any case.
    public var tolerance: Double
    /// Requests of the path that may be in flight at once; nil: not checked.
    public var mostInFlight: Int?
    /// The header (lower case) that names the ordering key, and the one that counts within it; nil: not checked.
    public var order: Ordering?
    /// When the event occurred, for the latency: RFC 3339, or Unix seconds, milliseconds, microseconds or nanoseconds. Nil: not measured.
    public var occurredAt: Source?

    public struct Ordering: Sendable, Equatable {
        public var keyHeader: String
        public var numberHeader: String
        public init(keyHeader: String, numberHeader: String) {
            self.keyHeader = keyHeader.lowercased()
            self.numberHeader = numberHeader.lowercased()
        }
    }

    /// The place of a value in a message.
    public enum Source: Sendable, Equatable {
        /// In this header, lower case.
        case header(String)
        /// In this member of its body, which is a JSON object.
        case member(String)
    }

    /// Milliseconds that any gap may differ, for timers, networks and this receiver's own queue.
    public static let slack = 50

    public init(
        _ pattern: PathPattern, gaps: [Int] = [], tolerance: Double = 0.2, mostInFlight: Int? = nil,
        order: Ordering? = nil,
        occurredAt: Source? = nil
    ) {
        self.pattern = pattern
        self.gaps = gaps
        self.tolerance = tolerance
        self.mostInFlight = mostInFlight
        self.order = order
        self.occurredAt = occurredAt
    }
}

extension ExpectedConduct {
    enum GapVerdict { case kept, early, late }

    /// nil: no gap was declared.
    func judge(gap: Int, before attempt: Int) -> GapVerdict? {
        guard !gaps.isEmpty else { return nil }
        let declared = Double(gaps[min(attempt - 2, gaps.count - 1)])
        let room = declared * tolerance + Double(ExpectedConduct.slack)
        if Double(gap) < declared - room { return .early }
        return Double(gap) > declared + room ? .late : .kept
    }
}

extension ExpectedConduct.Source {
    /// The value in the message; nil: there is none.
    func text(_ request: RequestView) -> UnsafeRawBufferPointer? {
        switch self {
        case .header(let name):
            let value = request.value(of: Array(name.utf8))
            return value.isEmpty ? nil : value
        case .member(let name): return JSONMember.value(of: Array(name.utf8), in: request.body)
        }
    }
}
