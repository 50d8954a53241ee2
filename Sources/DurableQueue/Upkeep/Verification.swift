import LMDB
import Store
import WebhookModel

/// How far the background verification of the waiting tables has come, and what it found.
///
/// Every scheduled delivery must stand in exactly one waiting table, and every entry of `due` must belong to a scheduled delivery. One
/// damaged row would else lose a delivery, or send one again, without a trace.
struct Verification {
    private enum Place {
        case deliveries(DeliveryID?)
        case due(PendingEntry?)
    }

    private var place = Place.deliveries(nil)
    private(set) var nextAt = Int64.min
    var missing: [DeliveryID] = []
    var doubled: [WaitingCheck.Doubled] = []
    var stale: [PendingEntry] = []

    var hasRepairs: Bool { !missing.isEmpty || !doubled.isEmpty || !stale.isEmpty }

    /// Looks at the next slice.
    ///
    /// - Returns: malformed rows.
    mutating func look(
        _ tables: Tables, now: Int64, in snapshot: borrowing ReadTransaction
    ) throws(LMDBError) -> SkippedRows {
        nextAt = now + Limits.verificationMilliseconds
        switch place {
        case .deliveries(let from):
            let check = try tables.verifyWaiting(from: from, limit: Limits.verifiedRows, now: now, in: snapshot)
            missing = check.missing
            doubled = check.doubled
            place = check.next.map { .deliveries($0) } ?? .due(nil)
            return check.damaged
        case .due(let from):
            let check = try tables.verifyDue(from: from, limit: Limits.verifiedRows, in: snapshot)
            stale = check.stale + check.doubled
            if let next = check.next { place = .due(next) } else { rest(now) }
            return check.damaged
        }
    }

    /// The repairs met a damaged page: the next pass finds again what can be repaired.
    mutating func dropRepairs() {
        missing = []
        doubled = []
        stale = []
    }

    /// The pass is over, or cannot go on; the next one begins later.
    mutating func rest(_ now: Int64) {
        place = .deliveries(nil)
        nextAt = now + Limits.verificationRestMilliseconds
    }
}

/// What the repairs of one transaction came to, applied to memory only after its commit.
struct RepairPlan {
    var entered: [PendingEntry] = []
    var removed = 0
}

extension WriterCore {
    /// Verifies a slice of the waiting tables when its time has come. Repairs go with the next transaction.
    func verify(now: Int64) throws(LMDBError) {
        guard now >= pending.verification.nextAt, !pending.verification.hasRepairs else { return }
        do throws(LMDBError) {
            let skipped = try directory.environment.read { snapshot throws(LMDBError) in
                try pending.verification.look(tables, now: now, in: snapshot)
            }
            note(skipped)
        } catch {
            guard error.isCorruption else { throw error }
            noteDamage(1, at: "\(error)")
            pending.verification.rest(now)
        }
    }

    /// Writes the repairs that were found. Each looks again in this transaction.
    func writeRepairs(now: Int64, in transaction: borrowing WriteTransaction) throws(LMDBError) -> RepairPlan? {
        guard pending.verification.hasRepairs else { return nil }
        var plan = RepairPlan()
        for delivery in pending.verification.missing
        where registry.contains(delivery.endpoint) && !dispatch.known.contains(delivery) {
            if let entry = try tables.enterAgain(delivery, now: now, in: transaction) { plan.entered.append(entry) }
        }
        for doubled in pending.verification.doubled {
            plan.removed += try tables.removeSurplus(doubled, in: transaction) > 0 ? 1 : 0
        }
        for entry in pending.verification.stale where !dispatch.known.contains(entry.delivery) {
            plan.removed += try tables.removeStale(entry, in: transaction) ? 1 : 0
        }
        return plan
    }

    /// Applies what was committed.
    func apply(_ plan: RepairPlan) {
        pending.verification.dropRepairs()
        for entry in plan.entered { dispatch.noteDue(at: entry.dueAt) }
        let repaired = plan.entered.count + plan.removed
        guard repaired > 0 else { return }
        statistics.repairedDeliveries += repaired
        output.notices.append(.repaired(repaired))
    }
}
