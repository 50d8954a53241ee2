import LMDB
import Scheduling
import Store
import WebhookModel

/// What the reports of one transaction say about their endpoints, applied to memory only after its commit.
struct HealthPlan {
    struct Judged {
        var row: Stored<EndpointRow>
        /// The last warning, in days.
        var warnedDays: Int
    }

    var endpoints: [EndpointNumber: Judged] = [:]
    /// What owners and operators are told.
    var notices: [(EndpointNumber, EndpointHealth.Verdict)] = []
}

extension WriterCore {
    /// Judges the endpoints of the reports, and writes the rows that change: at the first failure, at the recovery, at the disabling.
    ///
    /// The revision stays: it tells of what the owner chose, not of what was found out.
    func writeHealth(
        _ reports: [AttemptReport], now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> HealthPlan {
        var plan = HealthPlan()
        for report in reports {
            let number = report.delivery.endpoint
            // A success of an endpoint that works, which nearly all are, changes nothing.
            guard let slot = registry.slot(number), !report.outcome.isDelivered || registry[slot].isFailing else {
                continue
            }
            var judged =
                plan.endpoints[number]
                ?? HealthPlan.Judged(row: registry[slot].row, warnedDays: registry[slot].warnedDays)
            let verdict = EndpointHealth.verdict(
                on: report.outcome, failingSince: judged.row.value.failingSince, warnedDays: judged.warnedDays, now: now
            )
            switch verdict {
            case .unchanged: continue
            case .warn(let days): judged.warnedDays = days
            case .beganToFail: judged.row.value.failingSince = now
            case .recovered:
                judged.row.value.failingSince = nil
                judged.warnedDays = 0
            case .disable(let reason):
                guard judged.row.value.disabled == nil else { continue }
                judged.row.value.disabled = Endpoint.Disablement(reason: reason, at: now)
            }
            plan.endpoints[number] = judged
            switch verdict {
            case .warn, .disable: plan.notices.append((number, verdict))
            case .unchanged, .beganToFail, .recovered: break
            }
        }
        for judged in plan.endpoints.values {
            try tables.put(judged.row, seal: configuration.seal, in: transaction)
        }
        return plan
    }

    /// Applies what was committed.
    func apply(_ plan: HealthPlan) {
        for (number, judged) in plan.endpoints {
            let row = judged.row.value
            registry.putHealth(number, failingSince: row.failingSince, disabled: row.disabled)
            _ = registry.update(number) { $0.warnedDays = judged.warnedDays }
            output.edits.append(.endpoint(judged.row))
        }
        for (number, verdict) in plan.notices {
            guard let endpoint = registry.endpoint(number) else { continue }
            if case .disable = verdict { statistics.endpointsDisabled += 1 }
            output.notices.append(.endpoint(tenant: endpoint.tenantName, endpoint: endpoint.name, verdict: verdict))
        }
    }
}
