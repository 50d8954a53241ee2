import Scheduling
package import Store
package import WebhookModel

/// What the writer is told, in order.
package enum QueueCommand: Sendable {
    case publish(EventBatch)
    case reports([AttemptReport])
    case returned([ReturnedDelivery])
    case change([TenancyChange], CommandReply<[TenancyResult]>)
    case releaseKeys(tenant: String, endpoint: String, orderingKey: String?, CommandReply<Int>)
    case redeliver(DeadLetterFilter, CommandReply<Redelivered>)
    case redeliverFound(DeadLetterQuery, AttemptTrigger, CommandReply<Redelivered>)
    case delivery(DeliveryAction, DeliveryID, CommandReply<DeliveryActionResult>)
    case stop

    /// Events and attempt results in it.
    package var operations: Int {
        switch self {
        case .publish(let batch): batch.drafts.count
        case .reports(let reports): reports.count
        case .returned, .change, .releaseKeys, .redeliver, .redeliverFound, .delivery, .stop: 0
        }
    }
}
