public import LMDB
public import Store
public import WebhookModel

/// Leads dead letters back, a slice a transaction. A copy is a plan: keep it only once its transaction is committed.
public struct Redelivery: Sendable {
    private var walk: DeadLetterWalk
    private let trigger: AttemptTrigger
    public private(set) var result = Redelivered()

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
    ///   - order: an endpoint's; nil: it is gone.
    /// - Returns: the endpoints of those that are scheduled now, each as often; and those at which any stands behind a head.
    public mutating func next(
        _ tables: Tables, dueAt: Int64, order: (EndpointNumber) -> DeliveryOrder?, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> (scheduled: [EndpointNumber], behind: Set<EndpointNumber>) {
        var scheduled: [EndpointNumber] = []
        var behind: Set<EndpointNumber> = []
        for letter in try walk.next(tables, found: Redelivery.found, scanned: Redelivery.scanned, in: transaction) {
            let endpoint = letter.delivery.endpoint
            guard let order = order(endpoint) else {
                result.withoutEndpoint += 1
                continue
            }
            guard
                let place = try tables.redeliver(
                    letter.delivery, at: dueAt, trigger: trigger, inOrder: order.isByKey, in: transaction)
            else { continue }
            scheduled.append(endpoint)
            if place == .behind { behind.insert(endpoint) }
        }
        result.deliveries += scheduled.count
        return (scheduled, behind)
    }
}
