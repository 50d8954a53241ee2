/// When a rule applies, in addition to its path. Every condition that is given must be true; a condition that is nil or
/// empty is always true.
public struct Conditions: Sendable, Equatable {
    /// Which attempts of a `webhook-id` at its path, counted from 1. A request without an id is attempt 0 and matches none.
    public var attempts: ClosedRange<Int>?
    /// Which requests of the path, counted from 1 since the start or the last reset. Requests that carry no message are
    /// counted separately from messages.
    public var requests: ClosedRange<Int>?
    /// Each of these headers must be present with such a value.
    public var headers: [HeaderCondition]
    /// One of these must match: the value of the header `x-event-type`, else the member `type` of a JSON body.
    public var eventTypes: [TextPattern]
    /// One of these must match: the value of the header `x-tenant`, else the member `tenant` of a JSON body.
    public var tenants: [TextPattern]
    /// The request's method must be one of these. Empty: POST, PUT or PATCH, unless `handshakes` says more.
    public var methods: [String]
    /// The request must be one of these handshakes. Empty: a message, or a request of a method that carries none.
    public var handshakes: [Handshake]
    public var window: TimeWindow?
    /// The share of the requests that match everything else, chosen by seed, path, id and attempt.
    public var share: Share

    public init(
        attempts: ClosedRange<Int>? = nil, requests: ClosedRange<Int>? = nil, headers: [HeaderCondition] = [],
        eventTypes: [TextPattern] = [], tenants: [TextPattern] = [], methods: [String] = [],
        handshakes: [Handshake] = [], window: TimeWindow? = nil, share: Share = .all
    ) {
        self.attempts = attempts
        self.requests = requests
        self.headers = headers
        self.eventTypes = eventTypes
        self.tenants = tenants
        self.methods = methods
        self.handshakes = handshakes
        self.window = window
        self.share = share
    }

    public static let always = Conditions()
}

/// A required header.
public struct HeaderCondition: Sendable, Equatable {
    /// In lower case.
    public var name: String
    public var value: TextPattern

    public init(_ name: String, _ value: TextPattern) {
        self.name = name.lowercased()
        self.value = value
    }
}

/// A text: exact, or with a final `*` every text with that prefix.
public struct TextPattern: Sendable, Hashable, CustomStringConvertible {
    /// Without the star.
    public let text: String
    public let isPrefix: Bool

    public init(_ written: String) {
        isPrefix = written.hasSuffix("*")
        text = isPrefix ? String(written.dropLast()) : written
    }

    public func matches(_ value: some Sequence<UInt8>) -> Bool {
        isPrefix ? value.starts(with: text.utf8) : value.elementsEqual(text.utf8)
    }

    /// As it was written.
    public var description: String { isPrefix ? text + "*" : text }
}

/// A span of time since the program began (start, `replace` or `reset`); with `every`, repeatedly.
public struct TimeWindow: Sendable, Equatable {
    /// Milliseconds; the end is excluded.
    public var from: Int
    /// nil: no end.
    public var to: Int?
    /// Milliseconds of one period; nil: once.
    public var every: Int?

    public init(from: Int = 0, to: Int? = nil, every: Int? = nil) {
        self.from = from
        self.to = to
        self.every = every
    }

    /// - Parameter elapsed: milliseconds since the program began.
    public func contains(_ elapsed: Int) -> Bool {
        let time = every.map { elapsed % $0 } ?? elapsed
        return time >= from && time < to ?? .max
    }

    /// The next time at which `contains` may change; nil: never.
    package func change(after elapsed: Int) -> Int? {
        let round = every.map { elapsed / $0 * $0 } ?? 0
        let moments = [from, to, every].compactMap(\.self).map { round + $0 }
        return moments.filter { $0 > elapsed }.min()
    }
}

/// A probability that may grow or shrink over time.
public struct Share: Sendable, Equatable {
    /// 0…1, at the beginning and at the end.
    public var from: Double
    public var to: Double
    /// Milliseconds from the start of the program until `to` applies; 0: at once.
    public var over: Int

    public init(from: Double, to: Double, over: Int) {
        self.from = from
        self.to = to
        self.over = over
    }

    public init(_ share: Double) { self.init(from: share, to: share, over: 0) }

    public static let all = Share(1)

    /// - Parameter elapsed: milliseconds since the program began.
    public func value(_ elapsed: Int) -> Double {
        elapsed >= over ? to : from + (to - from) * Double(elapsed) / Double(over)
    }
}
