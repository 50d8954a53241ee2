import LMDB
import Store
import WebhookModel

/// A redelivery that somebody waits for.
struct RedeliveryJob {
    var redelivery: Redelivery
    let reply: @Sendable (Result<Redelivered, TenancyError>) -> Void
}

extension WriterCore {
    /// Takes a redelivery on; upkeep works it off, slice by slice, beside everything else.
    func begin(
        _ filter: DeadLetterFilter, reply: @escaping @Sendable (Result<Redelivered, TenancyError>) -> Void, now: Int64
    ) {
        do throws(TenancyError) {
            let redelivery = Redelivery(try filter.query(tenancy.names), trigger: filter.trigger, now: now)
            redeliveries.append(RedeliveryJob(redelivery: redelivery, reply: reply))
        } catch {
            answers.append { reply(.failure(error)) }
        }
    }

    /// Writes a slice of the first that waits.
    func writeRedelivery(
        into plan: inout UpkeepPlan, now: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        guard var redelivery = redeliveries.first?.redelivery else { return }
        // A millisecond on, as retries are: never before what a scan has seen.
        (plan.redelivered, plan.redeliveredBehind) = try redelivery.next(
            tables, dueAt: now + 1, order: { ledger.account($0)?.endpoint.settings.order }, in: transaction)
        for endpoint in plan.redelivered { backlog.plan(endpoint) }
        plan.redelivery = redelivery
    }

    /// Applies what was committed.
    func applyRedelivery(_ plan: UpkeepPlan, now: Int64) {
        guard let redelivery = plan.redelivery else { return }
        statistics.redelivered += plan.redelivered.count
        if !plan.redelivered.isEmpty { ledger.nextDue = min(ledger.nextDue, now + 1) }
        for endpoint in plan.redeliveredBehind { ledger.setBehind(endpoint, true) }
        redeliveries[0].redelivery = redelivery
        guard redelivery.isOver else { return }
        let reply = redeliveries.removeFirst().reply
        answers.append { reply(.success(redelivery.result)) }
    }

    /// The queue ends: who still waits is told.
    func dismissRedeliveries() {
        for job in redeliveries { job.reply(.failure(.stopped)) }
        redeliveries = []
    }
}

extension TenancyState {
    /// Who the endpoints are, for people.
    var names: EndpointNames {
        EndpointNames(
            tenants: Set(tenants.values.map(\.value.name)),
            endpoints: endpoints.values.map { row in
                EndpointNames.Entry(
                    number: row.value.number, tenant: tenants[row.value.tenant]?.value.name ?? "", name: row.value.name,
                    order: row.value.settings.order)
            })
    }
}
