public import LMDB
public import Store
public import WebhookModel

/// Leads dead letters back, a slice a transaction. A copy is a plan: keep it only once its transaction is committed.
public struct Redelivery: Sendable {
    private var walk: DeadLetterWalk
    private let trigger: AttemptTrigger
    public private(set) var result = Redelivered()
    /// Endpoints of those that took a place in a sequence.
    private(set) var sequenced: Set<EndpointNumber> = []

    /// Dead letters that one transaction leads back, and that it looks at: a few milliseconds.
    private static let found = 512
    private static let scanned = 2_048

    /// - Parameter now: Unix milliseconds. What is dead-lettered later is not meant.
    public init(_ query: DeadLetterQuery, trigger: AttemptTrigger, now: Int64) {
        var query = query
        query.until = min(query.until ?? .max, now + 1)
        walk = DeadLetterWalk(query)
        self.trigger = trigger
    }

    public var isOver: Bool { walk.isOver }

    /// Leads the next ones back.
    ///
    /// - Parameters:
    ///   - dueAt: when they are due, Unix milliseconds.
    ///   - isKnown: whether an endpoint is there still.
    /// - Returns: the endpoints of those that are scheduled now, each as often.
    public mutating func next(
        _ tables: Tables, dueAt: Int64, isKnown: (EndpointNumber) -> Bool, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> [EndpointNumber] {
        var scheduled: [EndpointNumber] = []
        for letter in try walk.next(tables, found: Redelivery.found, scanned: Redelivery.scanned, in: transaction) {
            guard isKnown(letter.delivery.endpoint) else {
                result.withoutEndpoint += 1
                continue
            }
            switch try tables.redeliver(letter.delivery, at: dueAt, trigger: trigger, in: transaction) {
            case .no: continue
            case .alone: break
            case .inSequence: sequenced.insert(letter.delivery.endpoint)
            }
            scheduled.append(letter.delivery.endpoint)
        }
        result.deliveries += scheduled.count
        return scheduled
    }
}
