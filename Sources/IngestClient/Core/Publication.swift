package import WireProtocol

/// The events of one `publish` or `submit`, and what is known of each.
///
/// Made by the caller and handed over once. From then on it belongs to the publisher's event loop. Both sides share
/// `outcome`.
package final class Publication: @unchecked Sendable {
    /// Emptied at the end, so that an ended publication uses no memory.
    package private(set) var events: [OutgoingEvent]
    package let count: Int
    /// Bytes of the records, which count against the buffer's limit.
    package let bytes: Int
    /// The time of the call, in nanoseconds of the monotonic clock.
    package let submittedAt: Int64
    /// Whether the caller's thread admitted it at once.
    package var isAdmitted = false
    package private(set) var isEnded = false
    package let outcome: PendingReceipts

    /// In order of submission; assigned by the core.
    var number: UInt64 = 0
    var states: EventStates

    package init(_ events: [OutgoingEvent], submittedAt: Int64) {
        self.events = events
        self.submittedAt = submittedAt
        count = events.count
        bytes = events.reduce(0) { $0 + $1.recordBytes }
        states = EventStates(events)
        outcome = PendingReceipts()
    }

    /// Ends the publication with what is known.
    ///
    /// - Returns: the result, and the number of events without a final answer.
    func end(_ reason: PublishError.Reason) -> (result: Result<[EventReceipt], PublishError>, open: Int) {
        defer {
            isEnded = true
            events = []
            states = EventStates([])
        }
        return (states.result(reason), states.unsettled)
    }
}

/// Consecutive events of one publication. Queues and frames hold runs.
package struct Run {
    package let publication: Publication
    package var range: Range<Int>

    /// Orders by publication, then by event.
    static func isEarlier(_ left: Run, _ right: Run) -> Bool {
        (left.publication.number, left.range.lowerBound) < (right.publication.number, right.range.lowerBound)
    }
}
