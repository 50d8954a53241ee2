public import Scheduling
import WebhookModel

/// What the writer is told, in order.
enum QueueCommand: Sendable {
    case publish(EventBatch)
    case reports([AttemptReport])
    case returned([ReturnedDelivery])
    case change([TenancyChange], reply: @Sendable (Result<Void, TenancyError>) -> Void)
    case releaseKeys(
        tenant: String, endpoint: String, orderingKey: String?, reply: @Sendable (Result<Int, TenancyError>) -> Void)
    case redeliver(DeadLetterFilter, reply: @Sendable (Result<Redelivered, TenancyError>) -> Void)
    case stop

    /// Events and outcomes in it.
    var operations: Int {
        switch self {
        case .publish(let batch): batch.drafts.count
        case .reports(let reports): reports.count
        case .returned, .change, .releaseKeys, .redeliver, .stop: 0
        }
    }
}

/// Where due deliveries go: one per sender. Called on the writer's thread; must not block.
public struct DispatchPort: Sendable {
    public let offer: @Sendable ([DueDelivery]) -> Void

    public init(offer: @escaping @Sendable ([DueDelivery]) -> Void) { self.offer = offer }
}
