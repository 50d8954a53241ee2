/// What a path does with its requests.
public struct Behaviour: Sendable, Equatable {
    /// What a request gets that no fault strikes.
    public var reply: Reply
    /// Before the reply, that of a failing attempt too.
    public var delay: Delay
    /// So many first attempts of each `webhook-id` fail.
    public var failFirst: Int
    /// Share of the other attempts that fail, 0…1. Which ones depends on the seed, path, id and attempt number alone.
    public var failShare: Double
    /// What a failing attempt gets.
    public var failure: Reply
    /// Nil: no limit.
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

    /// Milliseconds of delay at most: a day.
    public static let mostDelay = 86_400_000
}

/// An HTTP answer.
public struct Answer: Sendable, Equatable {
    /// 200…599.
    public var status: Int
    /// Name and value as written; `content-length` and `connection` are the receiver's own.
    public var headers: [Header]
    public var body: String
    /// Nil: no such header is added.
    public var retryAfter: RetryAfter?
    /// Milliseconds between two bytes of the body; 0: all at once.
    public var dribble: Int

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
