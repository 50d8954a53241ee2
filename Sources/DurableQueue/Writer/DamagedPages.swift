import LMDB
import Store
import WebhookModel

/// Transactions beside damaged pages. A write transaction that meets one must be given up. So it is tried again without
/// what is on the page: a damaged page costs the deliveries on it, and no others.
extension WriterCore {
    /// Performs the work of a transaction that met a damaged page. First without the deliveries whose rows cannot be
    /// read, then with less upkeep, at last each piece of work alone.
    func transactBesideDamage(_ work: Work, after error: LMDBError, now: Int64) throws(LMDBError) {
        let findings = pending.findings
        let rest = try setUnreadableAside(work)
        do throws(LMDBError) {
            if !rest.setAside.isEmpty, try isCommitted(rest, upkeep: .all, now: now) { return }
            if now >= pending.nextSweep, try isCommitted(rest, upkeep: .withoutSweep, now: now) {
                // Behind the page nothing is removed any more: deletes beside it would rewrite it.
                pending.nextSweep = now + Limits.verificationRestMilliseconds
                return noteDamage(1, at: "the events that the retention sweep reached: \(error)")
            }
            if try isCommitted(rest, upkeep: .none, now: now) { return dropUpkeep(after: error) }
            try performAlone(rest, now: now)
            dropUpkeep(after: error)
        } catch {
            pending.findings = findings
            throw error
        }
    }

    /// Takes the deliveries out of the work and out of the findings whose rows of `deliveries` cannot be read.
    private func setUnreadableAside(_ work: Work) throws(LMDBError) -> Work {
        let findings = pending.findings
        let found = findings.unreadable + findings.orphans + findings.brokenBatches + findings.strays.map(\.waiting)
        let wanted = work.reports.map(\.delivery) + found.map(\.pending.delivery)
        let lost = try directory.environment.read { snapshot throws(LMDBError) in
            try tables.unreadable(among: wanted, in: snapshot)
        }
        guard !lost.isEmpty else { return work }
        pending.findings.unreadable.removeAll { lost.contains($0.pending.delivery) }
        pending.findings.orphans.removeAll { lost.contains($0.pending.delivery) }
        pending.findings.brokenBatches.removeAll { lost.contains($0.pending.delivery) }
        pending.findings.strays.removeAll { lost.contains($0.waiting.pending.delivery) }
        var work = work
        work.setAside += work.reports.filter { lost.contains($0.delivery) }.map { SetAside($0) }
        work.setAside += found.filter { lost.contains($0.pending.delivery) }.map { SetAside($0) }
        work.reports.removeAll { lost.contains($0.delivery) }
        return work
    }

    /// - Returns: false: it met a damaged page, and nothing has changed.
    private func isCommitted(_ work: Work, upkeep: UpkeepScope, now: Int64) throws(LMDBError) -> Bool {
        do throws(LMDBError) {
            try transactOnce(work, upkeep: upkeep, now: now)
            return true
        } catch {
            guard error.isCorruption else { throw error }
            return false
        }
    }

    /// Performs each report and each batch in a transaction of its own. A report that meets the page is set aside; the
    /// producer of a batch that meets it is asked to try again later.
    private func performAlone(_ work: Work, now: Int64) throws(LMDBError) {
        for each in work.setAside { try transactOnce(Work(setAside: [each]), upkeep: .none, now: now) }
        for report in work.reports where try !isCommitted(Work(reports: [report]), upkeep: .none, now: now) {
            try transactOnce(Work(setAside: [SetAside(report)]), upkeep: .none, now: now)
        }
        for batch in work.batches where try !isCommitted(Work(batches: [batch]), upkeep: .none, now: now) {
            noteDamage(1, at: "the index that a published event needs")
            refuse([batch])
        }
    }

    /// Drops the upkeep that may have met the page: the next start, or the next pass of the verification, finds again
    /// what can be done. A command is answered.
    private func dropUpkeep(after error: LMDBError) {
        noteDamage(1, at: "upkeep: \(error)")
        pending.verification.dropRepairs()
        pending.findings = Refill.Findings()
        pending.isParking = false
        if !pending.purges.isEmpty { pending.purges.removeFirst() }
        if !pending.unsettled.isEmpty { pending.unsettled.removeFirst() }
        if !pending.jobs.isEmpty { pending.jobs.removeFirst().fail(.damaged, &output) }
    }

    func write(_ setAside: [SetAside], now: Int64, in transaction: borrowing WriteTransaction) throws(LMDBError) {
        for each in setAside {
            try tables.remove(each.delivery, from: each.entry, in: transaction)
            guard !each.isDelivered else { continue }
            try tables.putDeadLetter(
                each.delivery, at: now, outcome: .recordDamaged, status: 0, attempts: each.attempts, in: transaction)
        }
    }

    /// Applies what was committed.
    func apply(_ setAside: [SetAside], now: Int64) {
        guard !setAside.isEmpty else { return }
        for each in setAside {
            if let report = each.report {
                statistics.attempts += 1
                dispatch.release(report, now: now, &registry)
            } else {
                dispatch.forget(each.delivery)
            }
            registry.finished(each.delivery.endpoint)
            if each.isDelivered { statistics.delivered += 1 } else { noteQuarantine(each.delivery) }
        }
        noteDamage(setAside.count, at: "deliveries")
    }
}

/// A delivery whose row of `deliveries` is on a page that cannot be read or written. Its waiting entry is removed, and it
/// becomes a dead letter in the table `dead` alone; so it is neither sent again after the next start nor lost without a
/// trace.
struct SetAside {
    let delivery: DeliveryID
    let entry: QueueEntry
    let attempts: UInt16
    /// The receiver has it: nothing is left to do.
    let isDelivered: Bool
    /// The attempt that met the page; nil: it was not handed over.
    let report: AttemptReport?

    init(_ report: AttemptReport) {
        delivery = report.delivery
        entry = report.entry
        attempts = report.attempt
        isDelivered = report.outcome.isDelivered
        self.report = report
    }

    init(_ waiting: Waiting) {
        delivery = waiting.pending.delivery
        entry = waiting.entry
        attempts = waiting.pending.attempts
        isDelivered = false
        report = nil
    }
}
