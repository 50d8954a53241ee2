package import WireProtocol

/// The events of one `publish` or `submit`, and what is known of each.
///
/// Made by the caller, then handed over once; from then on it belongs to the publisher's event loop. `outcome` is what
/// both sides share.
package final class Publication: @unchecked Sendable {
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
    var ledger: EventLedger

    package init(_ events: [OutgoingEvent], submittedAt: Int64) {
        self.events = events
        self.submittedAt = submittedAt
        count = events.count
        bytes = events.reduce(0) { $0 + $1.recordBytes }
        ledger = EventLedger(events)
        outcome = PendingReceipts()
    }

    /// Ends it with what is known.
    ///
    /// - Returns: the result, and how many events have no final answer.
    func end(_ reason: PublishError.Reason) -> (result: Result<[EventReceipt], PublishError>, open: Int) {
        defer {
            isEnded = true
            events = []
            ledger = EventLedger([])
        }
        return (ledger.result(reason), ledger.unsettled)
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
