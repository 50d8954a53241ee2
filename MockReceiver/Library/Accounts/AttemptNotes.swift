/// What a further request of a message shows about its sender.
struct AttemptNotes {
    var attempt = 0
    var isDuplicate = false
    var bodyChanged = false
    var timestampIsStale = false
    /// nil: it had not been told to wait.
    var waited: Bool?
    var wasGone = false
    /// Milliseconds since the end of the previous answer; nil: a first attempt, or the previous attempt was never
    /// answered.
    var gap: Int?

    static let none = AttemptNotes()
}

extension MessageAccount {
    /// A timestamp in whole seconds may repeat within this time.
    private static let staleAfter: Int64 = 2_000_000_000

    /// Adds a request.
    mutating func add(_ request: ReceivedRequest) -> AttemptNotes {
        attempts += 1
        var notes = AttemptNotes(attempt: Int(attempts))
        if attempts > 1 { compare(request, &notes) }
        lastSeen = request.at
        answeredAfter = MessageAccount.unanswered
        heldFor = 0
        lastStatus = 0
        lastVerdict = request.verdict
        if request.timestamp != 0 { lastTimestamp = request.timestamp }
        if let key = request.key { lastKey = key }
        if request.verdict != .unchecked, request.verdict != .valid {
            flags.insert(.unverified)
            diagnosis = request.diagnosis
        }
        return notes
    }

    private mutating func compare(_ request: ReceivedRequest, _ notes: inout AttemptNotes) {
        if accepted > 0 {
            duplicates += 1
            notes.isDuplicate = true
        }
        if request.isWhole, flags.contains(.bodyUnseen) {
            flags.remove(.bodyUnseen)
            bodyHash = request.bodyHash
            bodyLength = UInt32(request.bodyLength)
        } else if request.isWhole, bodyHash != request.bodyHash || Int(bodyLength) != request.bodyLength {
            flags.insert(.bodyChanged)
            notes.bodyChanged = true
        }
        let since = request.at - lastSeen
        if request.timestamp != 0, request.timestamp <= lastTimestamp, since >= MessageAccount.staleAfter {
            flags.insert(.staleTimestamp)
            notes.timestampIsStale = true
        }
        if heldFor > 0 {
            let waited = since >= Int64(heldFor) * 1_000_000
            if !waited { flags.insert(.impatient) }
            notes.waited = waited
        }
        notes.wasGone = flags.contains(.gone)
        if accepted == 0, answeredAfter != MessageAccount.unanswered {
            notes.gap = max(0, Int(since / 1_000_000) - Int(answeredAfter))
        }
    }

    /// Records that its latest request was answered, or that the answer was spoilt.
    ///
    /// - Returns: whether that was its first 2xx.
    mutating func close(_ outcome: ReplyOutcome, at now: Int64) -> Bool {
        let after = max(0, now - lastSeen) / 1_000_000
        answeredAfter = UInt32(min(after, Int64(MessageAccount.unanswered - 1)))
        lastStatus = UInt16(outcome.status)
        if outcome.status == 410 { flags.insert(.gone) }
        if let seconds = outcome.retryAfter, seconds > 0 {
            let held = after + Int64(min(seconds, 4_000_000)) * 1_000
            heldFor = UInt32(min(held, Int64(UInt32.max)))
        }
        guard outcome.isAccepted else { return false }
        accepted += 1
        guard accepted == 1 else { return false }
        firstAccepted = now
        return true
    }
}

/// The result of a request's answer.
struct ReplyOutcome {
    /// 0: no usable answer.
    var status: Int
    var isReset = false
    /// Seconds that a correct sender waits; nil: it was told nothing that it must obey.
    var retryAfter: Int?

    var isAccepted: Bool { status / 100 == 2 }
}
