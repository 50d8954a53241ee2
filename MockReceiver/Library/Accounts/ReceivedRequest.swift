import WebhookModel
import WebhookSigning

/// A path as loops cache it: its endpoint and the rules that may hold for it.
final class ResolvedPath: Sendable {
    let path: String
    let bytes: [UInt8]
    /// `BodyHash` of the path's bytes: what faults are thrown for.
    let hash: UInt64
    let epoch: Int
    /// Nil: beyond the endpoint cap.
    let number: Int?
    let rules: [CompiledRule]
    /// What every request gets, where nothing is to be decided.
    let onlyReply: RenderedReply?
    /// Whether a rule may strike before a request is whole.
    let isEarly: Bool
    /// Whether a rule looks at what the message says of itself.
    let asksType: Bool
    let asksTenant: Bool
    /// Paths under one rule share a verifier.
    let secretRule: Int?
    let check: BehaviourProgram.SecretRule?
    /// Every path's, for diagnoses.
    let secrets: [BehaviourProgram.SecretRule]
    let expectation: ExpectedConduct?
    /// The header that names messages, in lower case: that of the scheme, else `webhook-id`.
    let idHeader: [UInt8]

    /// As much of the path as the journal keeps.
    var shown: String {
        bytes.count <= ReceiverCore.mostPathBytes
            ? path : String(decoding: bytes.prefix(ReceiverCore.mostPathBytes), as: UTF8.self)
    }

    init(path: String, epoch: Int, number: Int?, program: CompiledProgram) {
        self.path = path
        bytes = Array(path.utf8)
        hash = BodyHash.of(bytes)
        self.epoch = epoch
        self.number = number
        rules = program.rules(of: path)
        onlyReply = rules[0].onlyReply
        isEarly = rules.contains(where: \.isEarly)
        asksType = rules.contains(where: \.asksType)
        asksTenant = rules.contains(where: \.asksTenant)
        secretRule = program.secretRule(of: path)
        secrets = program.secrets
        check = secretRule.map { program.secrets[$0] }
        expectation = program.expectation(of: path)
        idHeader = Array((check?.scheme.idHeader ?? "webhook-id").utf8)
    }
}

/// A request, boiled down to what is accounted for.
struct ReceivedRequest {
    let path: ResolvedPath
    /// Nil: it bears none.
    var id: EventID?
    var isForeignID = false
    var bodyHash: UInt64 = 0
    var bodyLength = 0
    /// False: a fault strikes while the body is still to come.
    var isWhole = true
    var verdict = Verdict.unchecked
    /// Which secret, where the signature is valid.
    var key: UInt8?
    var diagnosis: SignatureDiagnosis?
    /// Unix seconds that the scheme carries; 0: none.
    var timestamp: UInt32 = 0
    /// When it was read, Unix nanoseconds.
    let at: Int64

    init(_ path: ResolvedPath, at now: Int64) {
        self.path = path
        at = now
    }

    /// What the journal keeps of it.
    struct Excerpt {
        let id: String
        let head: [UInt8]
        let body: [UInt8]
    }
}

/// Names a decided request until its reply is written.
struct Ticket {
    let era: Int
    let record: Int?
    let endpoint: Int?
    /// Its place in an order that the path's senders are to keep.
    var mark: OrderMark?
    /// Whether it counts as in flight until then.
    var isOpen = false
}

/// What a request gets.
struct Decision {
    let reply: RenderedReply
    /// Milliseconds.
    let delay: Int
    let ticket: Ticket
}

extension EventID {
    /// The identity of any `webhook-id`: the event id where it has Needletail's form, else a 128-bit hash of its bytes.
    static func of(webhookID bytes: UnsafeRawBufferPointer) -> (id: EventID, isForeign: Bool) {
        if let id = EventID(webhookID: bytes) { return (id, false) }
        return (EventID(high: BodyHash.of(bytes, seed: 1), low: BodyHash.of(bytes, seed: 2)), true)
    }
}
