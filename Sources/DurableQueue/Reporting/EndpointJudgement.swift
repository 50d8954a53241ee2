import LMDB
import Scheduling
import Store
import WebhookModel

/// What the reports of one transaction say about their endpoints, applied to memory only after its commit.
struct HealthPlan {
    struct Judged {
        var row: Stored<EndpointRow>
        var health: EndpointHealth
        /// Its row says something else than before.
        var isChanged = false
    }

    var endpoints: [EndpointNumber: Judged] = [:]
    /// What owners and operators are told.
    var notices: [(EndpointNumber, EndpointHealth.Verdict)] = []
}

extension WriterCore {
    /// Judges the endpoints of the reports, and writes the rows that change: at the first failure, once an hour while it fails, at the
    /// recovery, at the disabling.
    ///
    /// The revision stays: it tells of what the owner chose, not of what was found out.
    func writeHealth(
        _ reports: [AttemptReport], now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> HealthPlan {
        var plan = HealthPlan()
        for report in reports {
            let number = report.delivery.endpoint
            // A success of an endpoint that works, which nearly all are, changes nothing.
            guard let slot = registry.slot(number), !report.outcome.isDelivered || registry[slot].isFailing,
                registry[slot].removedAt == nil
            else { continue }
            var judged =
                plan.endpoints[number]
                ?? HealthPlan.Judged(row: registry[slot].row, health: registry[slot].health)
            let before = judged.health
            let verdict = judged.health.follow(report.outcome, now: now)
            var isNews = false
            switch verdict {
            case .unchanged, .beganToFail: break
            case .recovered: isNews = before.isTold
            case .warn, .fails: isNews = true
            case .disable(let reason):
                if judged.row.value.disabled == nil {
                    judged.row.value.disabled = Endpoint.Disablement(reason: reason, at: now)
                    judged.isChanged = true
                    isNews = true
                }
            }
            if judged.health.failing != before.failing {
                judged.row.value.failing = judged.health.failing
                judged.isChanged = true
            }
            guard judged.isChanged || judged.health != before else { continue }
            plan.endpoints[number] = judged
            if isNews { plan.notices.append((number, verdict)) }
        }
        for judged in plan.endpoints.values where judged.isChanged {
            try tables.put(judged.row, seal: configuration.seal, in: transaction)
        }
        return plan
    }

    /// Applies what was committed.
    func apply(_ plan: HealthPlan) {
        for (number, judged) in plan.endpoints {
            registry.putHealth(number, judged.health, disabled: judged.row.value.disabled)
            if judged.isChanged { output.edits.append(.endpoint(judged.row)) }
        }
        for (number, verdict) in plan.notices {
            guard let endpoint = registry.endpoint(number) else { continue }
            if case .disable = verdict { statistics.endpointsDisabled += 1 }
            output.notices.append(.endpoint(tenant: endpoint.tenantName, endpoint: endpoint.name, verdict: verdict))
        }
    }
}
