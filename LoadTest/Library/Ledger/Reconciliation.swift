package import WebhookModel

/// What a receiver has recorded about one message: its side of the loss proof.
package struct Reception: Sendable {
    package var id: EventID
    /// First attempt seen, wall nanoseconds.
    package var firstSeen: Int64
    /// First attempt answered 2xx, wall nanoseconds; 0 = none yet.
    package var firstAccepted: Int64
    package var attempts: Int
    /// Attempts that came after a 2xx had been answered.
    package var duplicates: Int
    /// Hash of the first attempt's body, and whether a later attempt had a different one.
    package var bodyHash: UInt64
    package var bodyChanged: Bool
    /// Whether every signature was valid; nil: the receiver has no secret to check with.
    package var isVerified: Bool?

    package init(
        id: EventID, firstSeen: Int64, firstAccepted: Int64, attempts: Int = 1, duplicates: Int = 0, bodyHash: UInt64,
        bodyChanged: Bool = false, isVerified: Bool? = true
    ) {
        self.id = id
        self.firstSeen = firstSeen
        self.firstAccepted = firstAccepted
        self.attempts = attempts
        self.duplicates = duplicates
        self.bodyHash = bodyHash
        self.bodyChanged = bodyChanged
        self.isVerified = isVerified
    }

    /// Answered 2xx at least once.
    package var isAccepted: Bool { firstAccepted > 0 }
}

/// The result of comparing the ledger with the receiver's accounts. Counts are of events unless said otherwise.
package struct Findings: Sendable, Equatable {
    /// Stored by the server and wanted by an endpoint.
    package var deliverable = 0
    /// Accepted by the receiver at least once.
    package var delivered = 0
    /// Stored, and never seen by the receiver, not even once.
    package var missing = 0
    /// Stored and seen, but not accepted yet: a retry is due.
    package var unaccepted = 0
    /// Stored for a receiver that does not answer on purpose, and not accepted: counted neither as missing nor as
    /// unaccepted.
    package var held = 0
    /// Times that the receiver got a message which it had already accepted.
    package var duplicates = 0
    /// Ids of this run that the receiver saw although they were never sent or were refused.
    package var phantom = 0
    /// Messages of other runs.
    package var foreign = 0
    /// Bodies that differ from what was published.
    package var corrupt = 0
    package var unverified = 0
    /// Messages that took more than one attempt.
    package var retried = 0
    /// `webhook-id`s of the first missing events, for the logs.
    package var missingExamples: [String] = []

    package init() {}
}

/// Compares the producer's ledger with what the receiver saw.
package struct Reconciliation: Sendable {
    private static let seen: UInt8 = 1
    private static let accepted: UInt8 = 2
    private static let examples = 5

    private let ledger: Ledger
    private let identity: RunIdentity
    private let startWall: Int64
    private let measuredFrom: Int64
    private let bodyHash: @Sendable (Int) -> UInt64
    private var marks: [UInt8]
    private var findings = Findings()
    /// Intended → first attempt seen, and intended → accepted, of the events after the warm-up.
    package private(set) var firstReceipt = StageLatencies()
    package private(set) var endToEnd = StageLatencies()
    /// The same, by group of tenants.
    package private(set) var groups: GroupBooks

    /// - Parameters:
    ///   - startWall: the start of the load, wall nanoseconds.
    ///   - measuredFrom: events intended earlier than this many nanoseconds after the start are warm-up: checked, not
    /// measured.
    ///   - groups: groups that are measured separately.
    ///   - bodyHash: the hash of an event's payload by sequence number, computed with the receiver's function.
    package init(
        ledger: Ledger, identity: RunIdentity, startWall: Int64, measuredFrom: Int64 = 0,
        groups: GroupBooks = GroupBooks(Workload()), bodyHash: @escaping @Sendable (Int) -> UInt64
    ) {
        self.ledger = ledger
        self.identity = identity
        self.startWall = startWall
        self.measuredFrom = measuredFrom
        self.groups = groups
        self.bodyHash = bodyHash
        marks = [UInt8](repeating: 0, count: ledger.count)
    }

    /// Takes one message of the receiver. A message may come once per endpoint.
    package mutating func take(_ reception: Reception) {
        guard let sequence = identity.sequence(of: reception.id) else {
            findings.foreign += 1
            return
        }
        guard sequence < ledger.count else {
            findings.phantom += 1
            return
        }
        let entry = ledger[sequence]
        if entry.status != Ledger.unanswered, !Ledger.isStored(entry.status) { findings.phantom += 1 }
        if reception.bodyChanged || reception.bodyHash != bodyHash(sequence) { findings.corrupt += 1 }
        if reception.isVerified == false { findings.unverified += 1 }
        if reception.attempts > 1 { findings.retried += 1 }
        findings.duplicates += reception.duplicates
        measure(sequence, reception)
        marks[sequence] |= Reconciliation.seen | (reception.isAccepted ? Reconciliation.accepted : 0)
    }

    // With several endpoints an event is measured at the first that reports it, because each endpoint has its own
    // message.
    private mutating func measure(_ sequence: Int, _ reception: Reception) {
        let entry = ledger[sequence]
        guard entry.intended >= measuredFrom, marks[sequence] == 0 else { return }
        let intended = startWall + entry.intended
        firstReceipt.record(reception.firstSeen - intended)
        guard reception.isAccepted else { return }
        endToEnd.record(reception.firstAccepted - intended)
        groups.record(reception.firstAccepted - intended, of: sequence)
    }

    /// The result, after the last message. Call it once.
    package mutating func finish() -> Findings {
        for sequence in 0..<ledger.count {
            let mark = marks[sequence]
            let isAccepted = mark & Reconciliation.accepted != 0
            if isAccepted { findings.delivered += 1 }
            guard Ledger.isDeliverable(ledger[sequence].status) else { continue }
            findings.deliverable += 1
            let isAwaited = groups.count(sequence, isAccepted: isAccepted)
            switch mark {
            case _ where !isAwaited:
                if !isAccepted { findings.held += 1 }
            case 0:
                findings.missing += 1
                if findings.missingExamples.count < Reconciliation.examples {
                    findings.missingExamples.append(identity.id(of: sequence).webhookID)
                }
            case Reconciliation.seen: findings.unaccepted += 1
            default: break
            }
        }
        return findings
    }
}
