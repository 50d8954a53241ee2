public import WebhookModel

/// What the receiver has recorded about one message at one path: 88 bytes, kept for every message up to the cap.
public struct MessageAccount: Sendable, Equatable {
    /// The event id if `webhook-id` is `evt_` and 32 hex digits; otherwise a 128-bit hash of the header's text
    /// (`foreignID` is set).
    public let id: EventID
    /// When the first request was read, Unix nanoseconds.
    public let firstSeen: Int64
    /// When the first 2xx was written, Unix nanoseconds; 0: never.
    public internal(set) var firstAccepted: Int64 = 0
    /// When the latest request was read, Unix nanoseconds.
    public internal(set) var lastSeen: Int64
    /// `BodyHash` and length in bytes of the first whole request's body; 0 while `bodyUnseen` is set.
    public internal(set) var bodyHash: UInt64
    public internal(set) var bodyLength: UInt32
    /// The path's number in `MessageAccounts.paths`.
    public let endpoint: Int32
    /// Requests seen.
    public internal(set) var attempts: UInt32 = 0
    /// Requests answered 2xx. A correct sender causes at most 1.
    public internal(set) var accepted: UInt32 = 0
    /// Requests that came after a 2xx had been written: duplicates. Requests before it are permitted retries.
    public internal(set) var duplicates: UInt32 = 0
    /// The latest timestamp in the scheme's header, Unix seconds; 0: there was none.
    public internal(set) var lastTimestamp: UInt32 = 0
    /// Milliseconds from the latest request to the end of its answer; `unanswered`: there is none.
    var answeredAfter = MessageAccount.unanswered
    /// Milliseconds after the latest request during which a correct sender does not send again; 0: it may.
    var heldFor: UInt32 = 0
    /// The latest answer's status; 0: none was written (reset, spoilt, or still delayed).
    public internal(set) var lastStatus: UInt16 = 0
    public internal(set) var lastVerdict: Verdict = .unchecked
    public internal(set) var flags: Flags = []
    /// The index in its set of the secret that made the latest valid signature; 255: there was none.
    public internal(set) var lastKey: UInt8 = 255
    /// Why the latest wrong signature was wrong; nil: there was none, or it was not diagnosed.
    public internal(set) var diagnosis: SignatureDiagnosis?

    static let unanswered = UInt32.max

    public struct Flags: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The `webhook-id` is not of Needletail's form.
        public static let foreignID = Flags(rawValue: 1)
        /// An attempt had other bytes than the first.
        public static let bodyChanged = Flags(rawValue: 2)
        /// An attempt was checked and its signature not valid.
        public static let unverified = Flags(rawValue: 4)
        /// It was answered 410.
        public static let gone = Flags(rawValue: 8)
        /// A retry had an old timestamp.
        public static let staleTimestamp = Flags(rawValue: 16)
        /// A retry came sooner than `Retry-After` said.
        public static let impatient = Flags(rawValue: 32)
        /// A retry came sooner or later than the declared gap.
        public static let offSchedule = Flags(rawValue: 64)
        /// No request was read as a whole: each was answered before its body came.
        public static let bodyUnseen = Flags(rawValue: 128)
    }
}

extension MessageAccount {
    init(_ request: ReceivedRequest, id: EventID, endpoint: Int) {
        var flags: Flags = request.isForeignID ? .foreignID : []
        if !request.isWhole { flags.insert(.bodyUnseen) }
        self.init(
            id: id, firstSeen: request.at, lastSeen: request.at, bodyHash: request.bodyHash,
            bodyLength: UInt32(request.bodyLength), endpoint: Int32(endpoint), flags: flags)
    }

    private init(
        id: EventID, firstSeen: Int64, lastSeen: Int64, bodyHash: UInt64, bodyLength: UInt32, endpoint: Int32,
        flags: Flags
    ) {
        self.id = id
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.bodyHash = bodyHash
        self.bodyLength = bodyLength
        self.endpoint = endpoint
        self.flags = flags
    }
}

/// The accounts at one moment, in order of first arrival. Later requests do not change it.
public struct MessageAccounts: RandomAccessCollection, Sendable {
    let chunks: [[MessageAccount]]
    public let count: Int
    /// Paths by endpoint number.
    public let paths: [String]

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
    public subscript(position: Int) -> MessageAccount {
        chunks[position / AccountTable.chunkCount][position % AccountTable.chunkCount]
    }

    /// The path at which this message was received.
    public func path(of account: MessageAccount) -> String { paths[Int(account.endpoint)] }
}
