import WebhookModel
import WebhookSigning

/// A path as loops cache it: its endpoint and the rules that may apply to it.
final class ResolvedPath: Sendable {
    let path: String
    let bytes: [UInt8]
    /// `BodyHash` of the path's bytes, an input for random faults.
    let hash: UInt64
    let epoch: Int
    /// nil: beyond the endpoint cap.
    let number: Int?
    let rules: [CompiledRule]
    /// The reply for every request, if there is nothing to decide.
    let onlyReply: RenderedReply?
    /// The rules that may apply to requests that carry no message, in order.
    let otherRules: [CompiledRule]
    /// The handshakes that are answered.
    let handshakes: Set<Handshake>
    /// Whether a rule may apply before a request is whole.
    let isEarly: Bool
    /// Whether a rule uses the message's event type or tenant.
    let asksType: Bool
    let asksTenant: Bool
    /// Paths with the same rule share a verifier.
    let secretRule: Int?
    let check: BehaviourProgram.SecretRule?
    /// The secrets of all paths, for diagnoses.
    let secrets: [BehaviourProgram.SecretRule]
    let expectation: ExpectedConduct?
    /// The header that identifies messages, in lower case: that of the scheme, or else `webhook-id`.
    let idHeader: [UInt8]

    /// The part of the path that the journal keeps.
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
        otherRules = program.otherRules(of: path)
        handshakes = program.handshakes
        isEarly = rules.contains(where: \.isEarly)
        asksType = (rules + otherRules).contains(where: \.asksType)
        asksTenant = (rules + otherRules).contains(where: \.asksTenant)
        secretRule = program.secretRule(of: path)
        secrets = program.secrets
        check = secretRule.map { program.secrets[$0] }
        expectation = program.expectation(of: path)
        idHeader = Array((check?.scheme.idHeader ?? "webhook-id").utf8)
    }
}

/// The parts of a request that are recorded.
struct ReceivedRequest {
    let path: ResolvedPath
    /// nil: it has none.
    var id: EventID?
    var isForeignID = false
    var bodyHash: UInt64 = 0
    var bodyLength = 0
    /// False: a fault applies while the body is still incomplete.
    var isWhole = true
    /// False: a handshake, or a request of a method that carries no webhook.
    var isMessage = true
    var handshake: Handshake?
    var verdict = Verdict.unchecked
    /// Which secret, if the signature is valid.
    var key: UInt8?
    var diagnosis: SignatureDiagnosis?
    /// Unix seconds in the scheme's header; 0: none.
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

/// Identifies a decided request until its reply is written.
struct Ticket {
    let era: Int
    let record: Int?
    let endpoint: Int?
    /// Its place in the order that the path's senders must keep.
    var mark: OrderMark?
    /// Whether it counts as in flight until then.
    var isOpen = false
}

/// The reply to a request.
struct Decision {
    let reply: RenderedReply
    /// Milliseconds.
    let delay: Int
    let ticket: Ticket
}

extension EventID {
    /// The identity for any `webhook-id`: the event id if it has Needletail's form, otherwise a 128-bit hash of its
    /// bytes.
    static func of(webhookID bytes: UnsafeRawBufferPointer) -> (id: EventID, isForeign: Bool) {
        if let id = EventID(webhookID: bytes) { return (id, false) }
        return (EventID(high: BodyHash.of(bytes, seed: 1), low: BodyHash.of(bytes, seed: 2)), true)
    }
}
