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
    /// Endpoints that asked for a pause, and were not held before; milliseconds.
    var holds: [(EndpointNumber, pause: Int64)] = []
    /// The queue's time, Unix milliseconds.
    var clock: Int64 = 0
}

extension WriterCore {
    /// Judges the endpoints of the reports, and writes the rows that change: at the first failure, once an hour while it fails, at the
    /// recovery, at the disabling.
    ///
    /// The revision stays: it tells of what the owner chose, not of what was found out.
    func writeHealth(
        _ reports: [AttemptReport], now: Int64, clock: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> HealthPlan {
        var plan = HealthPlan()
        plan.clock = clock
        planHolds(&plan)
        for report in reports {
            let number = report.delivery.endpoint
            // A success of an endpoint that works, which nearly all are, changes nothing.
            // A late result of a URL that was replaced says nothing about the one that replaced it.
            guard let slot = registry.slot(number), !report.outcome.isDelivered || registry[slot].isFailing,
                registry[slot].removedAt == nil, registry[slot].isAt(report.destination)
            else { continue }
            var judged =
                plan.endpoints[number]
                ?? HealthPlan.Judged(row: registry[slot].row, health: registry[slot].health)
            let before = judged.health
            // A redelivery or a test is somebody's choice, often of what is known to fail: its failure is no evidence.
            let counts = report.outcome.isDelivered || report.round.trigger == .schedule
            let verdict = counts ? judged.health.follow(report.outcome, now: now) : .unchanged
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
            if judged.hold(after: report, clock: clock) { plan.holds.append((number, report.retryAfter)) }
            guard judged.isChanged || judged.health != before else { continue }
            plan.endpoints[number] = judged
            if isNews { plan.notices.append((number, verdict)) }
        }
        for judged in plan.endpoints.values where judged.isChanged {
            try tables.put(judged.row, seal: configuration.seal, in: transaction)
        }
        return plan
    }

    /// Holds that senders found out, of endpoints whose breakers stay open for long.
    private func planHolds(_ plan: inout HealthPlan) {
        for number in pending.holds {
            guard let slot = registry.slot(number), registry[slot].isPaused else { continue }
            var judged = HealthPlan.Judged(row: registry[slot].row, health: registry[slot].health)
            judged.row.value.heldUntil = registry[slot].pausedUntil
            judged.isChanged = true
            plan.endpoints[number] = judged
        }
    }

    /// A restart keeps the hold of an endpoint. One that a wrong clock put far ahead ends a day after the last commit: no hold is longer.
    func hold(_ row: EndpointRow, lastCommitAt: Int64) {
        guard let until = row.heldUntil, let slot = registry.slot(row.number) else { return }
        let latest = lastCommitAt + Limits.lastCommitMilliseconds + Limits.retryAfterMilliseconds
        dispatch.pause(slot, until: lastCommitAt > 0 ? min(until, latest) : until, &registry)
    }

    /// Takes note of a pause that is to be stored with the next transaction.
    func noteHold(_ delivery: ReturnedDelivery) {
        guard delivery.pause >= Limits.storedHoldMilliseconds, let slot = registry.slot(delivery.delivery.endpoint),
            registry[slot].removedAt == nil, registry[slot].isAt(delivery.destination), registry[slot].isPaused,
            registry[slot].pausedUntil - (registry[slot].heldUntil ?? 0) >= Limits.storedHoldMilliseconds
        else { return }
        pending.holds.insert(delivery.delivery.endpoint)
    }

    /// Applies what was committed.
    func apply(_ plan: HealthPlan) {
        pending.holds.removeAll()
        for (number, pause) in plan.holds {
            guard let endpoint = registry.endpoint(number) else { continue }
            output.notices.append(
                .held(tenant: endpoint.tenantName, endpoint: endpoint.name, seconds: pause / 1_000))
        }
        for (number, judged) in plan.endpoints {
            registry.putHealth(number, judged.health, disabled: judged.row.value.disabled)
            if let slot = registry.slot(number) {
                registry[slot].heldUntil = judged.row.value.heldUntil
                if let until = judged.row.value.heldUntil, until > plan.clock {
                    dispatch.pause(slot, until: until, &registry)
                }
            }
            if judged.isChanged { output.edits.append(.endpoint(judged.row)) }
        }
        for (number, verdict) in plan.notices {
            guard let endpoint = registry.endpoint(number) else { continue }
            if case .disable = verdict { statistics.endpointsDisabled += 1 }
            output.notices.append(.endpoint(tenant: endpoint.tenantName, endpoint: endpoint.name, verdict: verdict))
        }
    }
}

extension HealthPlan.Judged {
    /// Follows a pause that an answer asked for.
    ///
    /// - Parameter clock: Unix milliseconds.
    /// - Returns: whether the endpoint was not held before.
    fileprivate mutating func hold(after report: AttemptReport, clock: Int64) -> Bool {
        guard report.retryAfter >= Limits.storedHoldMilliseconds else { return false }
        let until = clock + min(report.retryAfter, Limits.retryAfterMilliseconds)
        let before = row.value.heldUntil ?? 0
        // Answers to requests that were in flight together ask for nearly the same: one row is enough.
        guard until - before >= Limits.storedHoldMilliseconds else { return false }
        row.value.heldUntil = until
        isChanged = true
        return before <= clock
    }
}
