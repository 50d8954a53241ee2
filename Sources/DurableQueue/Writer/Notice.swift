import Logging
import Scheduling
import WebhookModel

/// News for an owner and for the operator.
enum Notice {
    case endpoint(tenant: String, endpoint: String, verdict: EndpointHealth.Verdict)
    /// A tenant's backlog reached its limit, or fell below it.
    case backlog(tenant: String, limit: Int, isOver: Bool)

    func log(to logger: Logger) {
        switch self {
        case .endpoint(let tenant, let endpoint, let verdict):
            Notice.log(verdict, ["tenant": "\(tenant)", "endpoint": "\(endpoint)"], to: logger)
        case .backlog(let tenant, let limit, true):
            logger.warning(
                "a tenant's backlog is full: its events are THROTTLED until a twentieth of it is delivered",
                metadata: ["tenant": "\(tenant)", "limit": "\(limit)"])
        case .backlog(let tenant, _, false):
            logger.notice("a tenant's backlog has room again", metadata: ["tenant": "\(tenant)"])
        }
    }

    private static func log(_ verdict: EndpointHealth.Verdict, _ names: Logger.Metadata, to logger: Logger) {
        switch verdict {
        case .warn(let days):
            logger.warning(
                "an endpoint has failed for \(days) days without a success; after 5 it is disabled", metadata: names)
        case .disable(.gone):
            logger.warning(
                "an endpoint answered 410 and is disabled; put its settings again to enable it", metadata: names)
        case .disable(.failing):
            logger.warning(
                "an endpoint has failed for 5 days and is disabled; put its settings again to enable it",
                metadata: names)
        case .unchanged, .beganToFail, .recovered: break
        }
    }
}
