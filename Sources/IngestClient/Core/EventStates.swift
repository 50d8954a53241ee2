import WireProtocol

/// The state of each event of one publication.
///
/// A struct with whole-range operations: as properties of the class, each step of a loop would check for exclusive
/// access again.
struct EventStates {
    /// The state of one event.
    enum Progress: UInt8 {
        case unsent
        case sent
        /// Its connection was lost before the answer. Until it has a final answer it may be stored, whatever the answer
        /// to a later copy is.
        case inDoubt
        /// Answered "not stored, send again".
        case postponed
        /// Has a final answer.
        case settled
    }

    private var receipts: [EventReceipt]
    private var progress: [Progress]
    /// Events without a final answer.
    private(set) var unsettled: Int

    init(_ events: [OutgoingEvent]) {
        receipts = events.map { EventReceipt(id: $0.id, status: .busy) }
        progress = [Progress](repeating: .unsent, count: events.count)
        unsettled = events.count
    }

    mutating func markSent(_ range: Range<Int>) {
        for index in range where progress[index] != .inDoubt { progress[index] = .sent }
    }

    mutating func markInDoubt(_ range: Range<Int>) {
        for index in range { progress[index] = .inDoubt }
    }

    func isInDoubt(_ index: Int) -> Bool { progress[index] == .inDoubt }

    /// Gives all events of the range the same final answer.
    mutating func settle(_ range: Range<Int>, _ answer: EventAnswer, commit: UInt64) {
        let commit = answer.status.statusClass == .stored ? commit : 0
        for index in range {
            note(answer, at: index)
            receipts[index].commit = commit
            progress[index] = .settled
        }
        unsettled -= range.count
    }

    mutating func postpone(_ index: Int, _ answer: EventAnswer) {
        note(answer, at: index)
        if progress[index] != .inDoubt { progress[index] = .postponed }
    }

    private mutating func note(_ answer: EventAnswer, at index: Int) {
        receipts[index].status = answer.status
        receipts[index].retryAfter = answer.retryAfter
    }

    /// The receipts if every event has an answer, else the error with this reason.
    func result(_ reason: PublishError.Reason) -> Result<[EventReceipt], PublishError> {
        if unsettled == 0 { return .success(receipts) }
        let isAnswered = progress.allSatisfy { $0 == .settled || $0 == .postponed }
        if isAnswered, reason != .cancelled { return .success(receipts) }
        var error = PublishError(reason: reason, receipts: [], inDoubt: 0, notStored: 0)
        for (receipt, progress) in zip(receipts, progress) {
            switch progress {
            case .sent, .inDoubt: error.inDoubt += 1
            case .unsent, .postponed: error.notStored += 1
            case .settled: error.notStored += receipt.isStored ? 0 : 1
            }
            error.receipts.append(progress == .settled || progress == .postponed ? receipt : nil)
        }
        return .failure(error)
    }
}
