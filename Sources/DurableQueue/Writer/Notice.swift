import Logging
package import Scheduling
package import WebhookModel

/// News for an owner and for the operator.
package enum Notice {
    case endpoint(tenant: String, endpoint: String, verdict: EndpointHealth.Verdict)
    /// A tenant's backlog reached its limit, or fell below it.
    case backlog(tenant: String, limit: Int, isOver: Bool)
    /// A delivery became a dead letter because its record is damaged.
    case quarantined(tenant: String, endpoint: String, position: EventPosition)
    /// Rows of the store are damaged: they were stepped over, or removed because no scheduled delivery belongs to them.
    case damagedRows(Int, place: String)
    /// Scheduled deliveries that stood in no waiting table, or in two: put right.
    case repaired(Int)

    /// Logs the notices of one turn. Of quarantined deliveries the first ones are named; the others are counted.
    static func log(_ notices: [Notice], to logger: Logger) {
        var quarantined = 0
        for notice in notices {
            if case .quarantined = notice {
                quarantined += 1
                guard quarantined <= Limits.quarantineLines else { continue }
            }
            notice.log(to: logger)
        }
        guard quarantined > Limits.quarantineLines else { return }
        logger.error(
            "more deliveries became dead letters because their records are damaged",
            metadata: ["deliveries": "\(quarantined - Limits.quarantineLines)"])
    }

    private func log(to logger: Logger) {
        switch self {
        case .endpoint(let tenant, let endpoint, let verdict):
            Notice.log(verdict, ["tenant": "\(tenant)", "endpoint": "\(endpoint)"], to: logger)
        case .backlog(let tenant, let limit, true):
            logger.warning(
                "a tenant's backlog is full: its events are THROTTLED until a twentieth of it is delivered",
                metadata: ["tenant": "\(tenant)", "limit": "\(limit)"])
        case .backlog(let tenant, _, false):
            logger.notice("a tenant's backlog has room again", metadata: ["tenant": "\(tenant)"])
        case .quarantined(let tenant, let endpoint, let position):
            logger.error(
                "the record of an event or of its delivery is damaged: the delivery became a dead letter; check the disk",
                metadata: ["tenant": "\(tenant)", "endpoint": "\(endpoint)", "position": "\(position.value)"])
        case .damagedRows(let count, let place):
            logger.error(
                "rows of the store are damaged and were passed over; check the disk",
                metadata: ["rows": "\(count)", "place": "\(place)"])
        case .repaired(let count):
            logger.error(
                "scheduled deliveries were missing from their waiting table and are entered again; check the disk",
                metadata: ["deliveries": "\(count)"])
        }
    }

    private static func log(_ verdict: EndpointHealth.Verdict, _ names: Logger.Metadata, to logger: Logger) {
        switch verdict {
        case .warn(let days):
            logger.warning(
                "an endpoint has failed for \(days) days without a success; after 5 it is disabled", metadata: names)
        case .disable(.gone):
            logger.warning(
                "an endpoint answered 410 and is disabled; to enable it again, set enabled: false, reload, set enabled: true, reload",
                metadata: names)
        case .disable(.failing):
            logger.warning(
                "an endpoint has failed for 5 days and is disabled; put its settings again to enable it",
                metadata: names)
        case .unchanged, .beganToFail, .recovered: break
        }
    }
}
