/// What a path does with its requests.
public struct Behaviour: Sendable, Equatable {
    /// The reply to a request without a fault.
    public var reply: Reply
    /// Before the reply, also before that of a failing attempt.
    public var delay: Delay
    /// The number of first attempts of each `webhook-id` that fail.
    public var failFirst: Int
    /// Share of the other attempts that fail, 0…1. Which ones depends only on seed, path, id and attempt number.
    public var failShare: Double
    /// The reply to a failing attempt.
    public var failure: Reply
    /// nil: no limit.
    public var rateLimit: RateLimit?

    public init(
        reply: Reply = .answer(Answer()), delay: Delay = .none, failFirst: Int = 0, failShare: Double = 0,
        failure: Reply = .answer(Answer(status: 503)), rateLimit: RateLimit? = nil
    ) {
        self.reply = reply
        self.delay = delay
        self.failFirst = failFirst
        self.failShare = failShare
        self.failure = failure
        self.rateLimit = rateLimit
    }

    /// An answer, or none.
    public enum Reply: Sendable, Equatable {
        case answer(Answer)
        /// The connection is reset (RST) once the request is whole.
        case reset
        /// The answer, spoilt.
        case fault(Fault, Answer)
    }

    /// The most milliseconds of delay: a day.
    public static let mostDelay = 86_400_000
}

/// An HTTP answer.
public struct Answer: Sendable, Equatable {
    /// 200…599.
    public var status: Int
    /// Name and value as written; the receiver sets `content-length` and `connection`.
    public var headers: [Header]
    public var body: String
    /// nil: no such header is added.
    public var retryAfter: RetryAfter?
    /// Milliseconds between two bytes of the body; 0: all at once.
    public var dribble: Int
    /// Whether it answers HEAD: the same header section without the body (RFC 9110 section 9.3.2).
    var isForHead = false

    public struct Header: Sendable, Equatable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(
        status: Int = 200, headers: [Header] = [], body: String = "", retryAfter: RetryAfter? = nil, dribble: Int = 0
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.retryAfter = retryAfter
        self.dribble = dribble
    }
}
