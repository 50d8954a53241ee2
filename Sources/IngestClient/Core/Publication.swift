package import WireProtocol

/// The events of one `publish` or `submit`, and what is known of each.
///
/// Made by the caller, then handed over once; from then on it belongs to the publisher's event loop. `outcome` is what
/// both sides share.
package final class Publication: @unchecked Sendable {
    /// How far one event has come.
    enum Progress: UInt8 {
        case unsent
        case sent
        /// Its connection was lost before the answer: until it has a final one it may be stored, whatever is said of
        /// a later copy.
        case inDoubt
        /// Answered "not stored, send again".
        case postponed
        /// Answered for good.
        case settled
    }

    /// Emptied at the end: what a publication ends with takes no memory any more.
    package private(set) var events: [OutgoingEvent]
    package let count: Int
    /// Bytes of the records: what it takes of the buffer.
    package let bytes: Int
    /// When its caller gave it, in nanoseconds of the monotonic clock.
    package let submittedAt: Int64
    /// Whether it was let in at once by its caller's thread.
    package var isAdmitted = false
    package private(set) var isEnded = false
    package let outcome: PendingReceipts

    /// In order of submission; given by the core.
    var number: UInt64 = 0
    private var receipts: [EventReceipt]
    private var progress: [Progress]
    private(set) var unsettled: Int

    package init(_ events: [OutgoingEvent], submittedAt: Int64) {
        self.events = events
        self.submittedAt = submittedAt
        count = events.count
        unsettled = events.count
        var bytes = 0
        receipts = events.map { event in
            bytes += event.recordBytes
            return EventReceipt(id: event.id, status: .busy)
        }
        self.bytes = bytes
        progress = [Progress](repeating: .unsent, count: events.count)
        outcome = PendingReceipts()
    }

    func markSent(_ range: Range<Int>) {
        for index in range where progress[index] != .inDoubt { progress[index] = .sent }
    }

    func markInDoubt(_ range: Range<Int>) {
        for index in range { progress[index] = .inDoubt }
    }

    func isInDoubt(_ index: Int) -> Bool { progress[index] == .inDoubt }

    /// All of the range has the same final answer.
    func settle(_ range: Range<Int>, _ status: ProtocolStatus, commit: UInt64) {
        for index in range { settle(index, EventAnswer(status), commit: commit) }
    }

    func settle(_ index: Int, _ answer: EventAnswer, commit: UInt64) {
        note(answer, at: index)
        if answer.status.statusClass == .stored { receipts[index].commit = commit }
        progress[index] = .settled
        unsettled -= 1
    }

    func postpone(_ index: Int, _ answer: EventAnswer) {
        note(answer, at: index)
        if progress[index] != .inDoubt { progress[index] = .postponed }
    }

    private func note(_ answer: EventAnswer, at index: Int) {
        receipts[index].status = answer.status
        receipts[index].retryAfter = answer.retryAfter
    }

    /// Ends it with what is known: receipts where every event has an answer, else the error for the reason.
    ///
    /// - Returns: the result, and how many events have no final answer.
    func end(_ reason: PublishError.Reason) -> (result: Result<[EventReceipt], PublishError>, open: Int) {
        defer {
            isEnded = true
            events = []
            receipts = []
            progress = []
        }
        if unsettled == 0 { return (.success(receipts), 0) }
        let isAnswered = progress.allSatisfy { $0 == .settled || $0 == .postponed }
        if isAnswered, reason != .cancelled { return (.success(receipts), unsettled) }
        var error = PublishError(reason: reason, receipts: [], inDoubt: 0, notStored: 0)
        for (receipt, progress) in zip(receipts, progress) {
            switch progress {
            case .sent, .inDoubt: error.inDoubt += 1
            case .unsent, .postponed: error.notStored += 1
            case .settled: error.notStored += receipt.isStored ? 0 : 1
            }
            error.receipts.append(progress == .settled || progress == .postponed ? receipt : nil)
        }
        return (.failure(error), unsettled)
    }
}

/// Consecutive events of one publication: what queues and frames hold.
package struct Run {
    package let publication: Publication
    package var range: Range<Int>

    /// Of the earlier publication, then of the earlier event.
    static func isEarlier(_ left: Run, _ right: Run) -> Bool {
        (left.publication.number, left.range.lowerBound) < (right.publication.number, right.range.lowerBound)
    }
}
