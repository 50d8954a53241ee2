import LMDB
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
    /// An endpoint was removed; its deliveries wait for `hold` milliseconds.
    case removed(tenant: String, endpoint: String, waiting: Int, hold: Int64)
    /// A removed endpoint was created again.
    case restored(tenant: String, endpoint: String, waiting: Int)
    /// An endpoint's owner set `enabled: false`.
    case switchedOff(tenant: String, endpoint: String, waiting: Int)
    /// The time of an endpoint that was removed, or that the server disabled, is over.
    case givenUp(tenant: String, endpoint: String, waiting: Int, Outcome)
    /// The clock leapt, or what followed from it.
    case clock(TrustedTime.Change)
    /// Scheduled deliveries that stood in no waiting table, or in two: put right.
    case repaired(Int)
    /// An endpoint asked for a pause of a minute or more (`Retry-After`), and was not held before.
    case held(tenant: String, endpoint: String, seconds: Int64)
    /// About snapshots of other processes.
    case readers(ReaderWatch.News)

    /// Logs the notices of one turn. Of quarantined deliveries the first ones are named; the others are counted.
    ///
    /// - Parameter lines: what may be said about endpoints that begin to fail and recover.
    static func log(_ notices: [Notice], lines: inout EndpointLines, to logger: Logger) {
        var quarantined = 0
        for notice in notices {
            if notice.isOfHealth, !lines.mayWrite() { continue }
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

    /// An endpoint began to fail, or works again: thousands may at one time.
    private var isOfHealth: Bool {
        switch self {
        case .endpoint(_, _, .fails), .endpoint(_, _, .recovered), .held: true
        default: false
        }
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
        case .removed(let tenant, let endpoint, let waiting, let hold):
            logger.warning(
                "an endpoint was removed: its deliveries wait for it to be created again, and then become dead letters",
                metadata: [
                    "tenant": "\(tenant)", "endpoint": "\(endpoint)", "waiting": "\(waiting)",
                    "hours": "\(hold / 3_600_000)",
                ])
        case .restored(let tenant, let endpoint, let waiting):
            logger.notice(
                "a removed endpoint was created again: its deliveries go on",
                metadata: ["tenant": "\(tenant)", "endpoint": "\(endpoint)", "waiting": "\(waiting)"])
        case .switchedOff(let tenant, let endpoint, let waiting):
            logger.warning(
                "an endpoint has enabled: false: events that come meanwhile are not kept for it; paused: true keeps them",
                metadata: ["tenant": "\(tenant)", "endpoint": "\(endpoint)", "waiting": "\(waiting)"])
        case .givenUp(let tenant, let endpoint, let waiting, let outcome):
            logger.warning(
                "the deliveries of an endpoint waited too long and become dead letters",
                metadata: [
                    "tenant": "\(tenant)", "endpoint": "\(endpoint)", "waiting": "\(waiting)",
                    "outcome": "\(outcome.name)",
                ])
        case .clock(let change): Notice.log(change, to: logger)
        case .repaired(let count):
            logger.error(
                "scheduled deliveries were missing from their waiting table and are entered again; check the disk",
                metadata: ["deliveries": "\(count)"])
        case .held(let tenant, let endpoint, let seconds):
            logger.warning(
                "an endpoint asks for a pause (Retry-After): its deliveries wait, and use no attempt; a change of its URL ends the pause",
                metadata: ["tenant": "\(tenant)", "endpoint": "\(endpoint)", "seconds": "\(seconds)"])
        case .readers(let news): Notice.log(news, to: logger)
        }
    }

    private static func log(_ news: ReaderWatch.News, to logger: Logger) {
        switch news {
        case .dead(let count):
            logger.notice(
                "processes ended while they read the store: their places are free again",
                metadata: ["readers": "\(count)"])
        case .old(let reader, let seconds, let behind, let grown):
            logger.warning(
                "the data file grows because a process still reads an old state of it, so that freed pages cannot be used again; let it finish, or end it",
                metadata: [
                    "pid": "\(reader.process)", "seconds": "\(seconds)", "commits": "\(behind)",
                    "grown_mib": "\(grown / 1_048_576)",
                ])
        }
    }

    private static func log(_ change: TrustedTime.Change, to logger: Logger) {
        switch change {
        case .none: break
        case .leapt(let milliseconds):
            logger.warning(
                "the clock is far ahead of the last commit: for an hour nothing is removed as old, and no endpoint is judged; check the clock",
                metadata: ["hours": "\(milliseconds / 3_600_000)"])
        case .believed: logger.notice("the clock is believed: removal of what is old goes on")
        case .corrected: logger.notice("the clock was set right: removal of what is old goes on")
        }
    }

    private static func log(_ verdict: EndpointHealth.Verdict, _ names: Logger.Metadata, to logger: Logger) {
        switch verdict {
        case .warn(let days):
            logger.warning(
                "an endpoint has failed for \(days) days without a success; after 5 it is disabled", metadata: names)
        case .disable(.gone):
            logger.warning(
                "an endpoint answered 410 and is disabled: its deliveries wait; to enable it again, set enabled: false, reload, set enabled: true, reload",
                metadata: names)
        case .disable(.failing):
            logger.warning(
                "an endpoint has failed for 5 days and is disabled: its deliveries wait; put its settings again to enable it",
                metadata: names)
        case .fails(let outcome):
            logger.warning(
                "an endpoint fails: no attempt succeeds",
                metadata: names.merging(["reason": "\(outcome.name)", "advice": "\(outcome.advice)"]) { $1 })
        case .recovered: logger.notice("an endpoint works again", metadata: names)
        case .unchanged, .beganToFail: break
        }
    }
}
