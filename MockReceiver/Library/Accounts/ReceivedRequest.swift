import WebhookModel
import WebhookSigning

/// A path as loops cache it: its endpoint and the rules that hold for it.
final class ResolvedPath: Sendable {
    let path: String
    /// `BodyHash` of the path's bytes: what faults are thrown for.
    let hash: UInt64
    let epoch: Int
    /// Nil: beyond the endpoint cap.
    let number: Int?
    let behaviour: CompiledBehaviour
    /// Paths under one rule share a verifier.
    let secretRule: Int?
    let check: BehaviourProgram.SecretRule?
    /// The header that names messages, in lower case: that of the scheme, else `webhook-id`.
    let idHeader: [UInt8]

    init(
        path: String, epoch: Int, number: Int?, behaviour: CompiledBehaviour, secretRule: Int?,
        check: BehaviourProgram.SecretRule?
    ) {
        self.path = path
        hash = BodyHash.of(Array(path.utf8))
        self.epoch = epoch
        self.number = number
        self.behaviour = behaviour
        self.secretRule = secretRule
        self.check = check
        idHeader = Array((check?.scheme.idHeader ?? "webhook-id").utf8)
    }
}

/// A whole request, boiled down to what is accounted for.
struct ReceivedRequest {
    let path: ResolvedPath
    /// Nil: it bears none.
    let id: EventID?
    let isForeignID: Bool
    let bodyHash: UInt64
    let bodyLength: Int
    let verdict: Verdict
    /// When it was read, Unix nanoseconds.
    let at: Int64

    /// What the journal keeps of it.
    struct Excerpt {
        let id: String
        let head: [UInt8]
        let body: [UInt8]

        func entry(_ number: Int, _ request: ReceivedRequest, attempt: Int, status: Int) -> JournalEntry {
            JournalEntry(
                number: number, at: request.at, path: request.path.path, id: id, attempt: attempt, status: status,
                verdict: request.verdict, head: head, body: body, bodyLength: request.bodyLength)
        }
    }
}

/// Names a decided request until its reply is written.
struct Ticket {
    let era: Int
    let record: Int?
    let endpoint: Int?
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
