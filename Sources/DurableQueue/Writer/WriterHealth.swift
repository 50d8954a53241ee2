import LMDB
import Scheduling
import Store
import WebhookModel

/// What the reports of one transaction say about their endpoints, applied to memory only after its commit.
struct HealthPlan {
    var rows: [EndpointNumber: EndpointRow] = [:]
    var verdicts: [(EndpointNumber, EndpointHealth.Verdict)] = []
}

extension WriterCore {
    /// Judges the endpoints of the reports, and writes the rows that change: at the first failure, at the recovery, at the disabling.
    func writeHealth(
        _ reports: [AttemptReport], now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> HealthPlan {
        var plan = HealthPlan()
        for report in reports {
            let number = report.delivery.endpoint
            // A success of an endpoint that works, which nearly all are, says nothing new.
            guard !report.outcome.isDelivered || ledger.isFailing(number), let account = ledger.account(number),
                var row = plan.rows[number] ?? tenancy.endpoints[number]?.value
            else { continue }
            let verdict = EndpointHealth.verdict(
                on: report.outcome, failingSince: row.failingSince, warnedDays: account.warnedDays, now: now)
            switch verdict {
            case .unchanged: continue
            case .warn: break
            case .beganToFail: row.failingSince = now
            case .recovered: row.failingSince = nil
            case .disable(let reason):
                guard row.disabled == nil else { continue }
                row.disabled = Endpoint.Disablement(reason: reason, at: now)
            }
            plan.rows[number] = row
            plan.verdicts.append((number, verdict))
        }
        for (number, row) in plan.rows {
            try tables.put(
                Stored(row, origin: tenancy.endpoints[number]!.origin), seal: configuration.seal, in: transaction)
        }
        return plan
    }

    /// Applies what was committed.
    func apply(_ plan: HealthPlan) {
        guard !plan.verdicts.isEmpty else { return }
        for row in plan.rows.values { tenancy.replace(row) }
        for (number, verdict) in plan.verdicts {
            guard let row = plan.rows[number] else { continue }
            ledger.update(number) { account in
                account.isFailing = row.failingSince != nil
                if case .warn(let days) = verdict { account.warnedDays = days }
                if !account.isFailing { account.warnedDays = 0 }
            }
            if case .disable = verdict {
                ledger.update(number) { $0.active = false }
                routing.setEndpoints(tenancy.routes(of: row.tenant), of: row.tenant)
                statistics.endpointsDisabled += 1
            }
            switch verdict {
            case .warn, .disable:
                notices.append(
                    .endpoint(
                        tenant: tenancy.tenants[row.tenant]?.value.name ?? "", endpoint: row.name, verdict: verdict))
            case .unchanged, .beganToFail, .recovered: break
            }
        }
    }
}
