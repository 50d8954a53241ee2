/// Why a publication ended before every event had an answer. `receipts` says what is known of each event.
///
/// It is always safe to publish the events that are not stored again with the same ids: the server answers DUPLICATE
/// for those that it has.
public struct PublishError: Error, Sendable, Equatable {
    public enum Reason: Sendable, Equatable {
        /// The patience of the settings is over. `last`: the last known obstacle.
        case timedOut(milliseconds: Int64, last: IngestError?)
        /// The connection ended, and the settings say not to send again.
        case lost(IngestError)
        /// The task was cancelled.
        case cancelled
        /// The publisher is closed, or was closed and its grace ended.
        case closed
    }

    public var reason: Reason
    /// One entry per event, in order; nil: no answer.
    public var receipts: [EventReceipt?]
    /// Events that were sent and have no answer: they may be stored.
    public var inDoubt: Int
    /// Events that were never sent, or were answered "not stored".
    public var notStored: Int

    package init(reason: Reason, receipts: [EventReceipt?], inDoubt: Int, notStored: Int) {
        self.reason = reason
        self.receipts = receipts
        self.inDoubt = inDoubt
        self.notStored = notStored
    }
}

extension PublishError: CustomStringConvertible {
    /// One line: the cause, and what is known of the events.
    public var description: String {
        let cause =
            switch reason {
            case .timedOut(let milliseconds, let last):
                "no answer within \(milliseconds) ms" + (last.map { "; last: \($0)" } ?? "")
            case .lost(let error): error.description
            case .cancelled: "cancelled"
            case .closed: "the publisher is closed"
            }
        let doubt =
            inDoubt == 0
            ? "" : "; \(inDoubt) of \(receipts.count) events may be stored: publish them again with the same ids"
        let missing = notStored == 0 ? "" : "; \(notStored) of \(receipts.count) are not stored"
        return cause + doubt + missing
    }
}
