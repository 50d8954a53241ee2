/// How many deliveries of one tenant are pending, and whether it takes more events. Exact.
///
/// What a transaction makes is only planned until `commit`; `forget` drops the plan of a transaction that failed.
package struct BacklogLevel {
    package private(set) var pending = 0
    package private(set) var planned = 0
    /// Pending deliveries from which on new events are THROTTLED.
    package var limit = Int.max
    /// It reached its limit and has not fallen far enough since.
    package private(set) var isOver = false
    /// `isOver` before this transaction.
    private var wasOver = false
    /// This transaction has neither asked nor planned.
    package private(set) var isUntouched = true

    package init(limit: Int = .max) { self.limit = limit }

    /// What `admits` found.
    package struct Answer {
        package var admits: Bool
        /// It reached the limit now, or fell below it now.
        package var isNews: Bool
    }

    /// Whether the tenant takes another event. Once over its limit, it takes more only when a twentieth of the limit is free again, so that
    /// the answer does not alternate.
    package mutating func admits() -> Answer {
        isUntouched = false
        guard limit < .max else { return Answer(admits: true, isNews: false) }
        let isOver = pending + planned >= (self.isOver ? limit - limit / 20 : limit)
        defer { self.isOver = isOver }
        return Answer(admits: !isOver, isNews: isOver != self.isOver)
    }

    /// A transaction makes a delivery.
    package mutating func plan() {
        isUntouched = false
        planned += 1
    }

    /// The planned deliveries are durable.
    package mutating func commit() {
        pending += planned
        planned = 0
        wasOver = isOver
        isUntouched = true
    }

    /// The transaction failed.
    package mutating func forget() {
        planned = 0
        isOver = wasOver
        isUntouched = true
    }

    /// Adds deliveries of an endpoint that appears, or removes those of one that goes or of deliveries that are final.
    package mutating func add(_ count: Int) { pending += count }
}
