import LMDB
import Store
import WebhookModel

/// A long command: upkeep works on it in slices, one in a transaction, beside everything else. Several jobs take turns.
struct UpkeepJob {
    enum Work {
        case redelivery(Redelivery, CommandReply<Redelivered>)
        /// `count`: keys that were held so far.
        case keyRelease(EndpointNumber, orderingKey: String?, count: Int, CommandReply<Int>)
        case delivery(DeliveryAction, DeliveryID, CommandReply<DeliveryActionResult>)
    }

    var work: Work

    /// Answers the command that cannot be done.
    consuming func fail(_ error: TenancyError, _ output: inout TurnOutput) {
        switch work {
        case .redelivery(_, let reply): output.answers.append { reply.send(.failure(error)) }
        case .keyRelease(_, _, _, let reply): output.answers.append { reply.send(.failure(error)) }
        case .delivery(_, _, let reply): output.answers.append { reply.send(.failure(error)) }
        }
    }

    /// Rows that a slice of this job may take, and the plan's part of it.
    struct Slice {
        var job: UpkeepJob
        var isOver = false
        var sequences = SequencePlan()
        /// The endpoints of deliveries that are scheduled again, each as often.
        var redelivered: [EndpointNumber] = []
        /// Endpoints of those that took a place in a sequence.
        var sequenced: Set<EndpointNumber> = []
        /// What became of the delivery that the command names.
        var action: DeliveryActionResult?
    }
}

/// How many rows a slice takes: halved after a slow transaction, doubled after a fast one. So a slice is bounded in time whatever a row
/// costs on this disk.
package struct SliceSize: Equatable {
    package private(set) var rows = Limits.jobSliceMost

    package init() {}

    /// - Parameter nanoseconds: that the transaction with the slice took.
    package mutating func follow(_ nanoseconds: Int64) {
        if nanoseconds > Limits.jobSliceNanoseconds {
            rows = max(rows / 2, Limits.jobSliceLeast)
        } else if nanoseconds < Limits.jobSliceNanoseconds / 4 {
            rows = min(rows * 2, Limits.jobSliceMost)
        }
    }
}

extension WriterCore {
    /// Begins a redelivery.
    func begin(_ filter: DeadLetterFilter, _ reply: CommandReply<Redelivered>, now: Int64) {
        do throws(TenancyError) {
            let redelivery = Redelivery(try filter.query(registry.names), trigger: filter.trigger, now: now)
            pending.jobs.append(UpkeepJob(work: .redelivery(redelivery, reply)))
        } catch {
            output.answers.append { reply.send(.failure(error)) }
        }
    }

    func begin(_ query: DeadLetterQuery, _ trigger: AttemptTrigger, _ reply: CommandReply<Redelivered>, now: Int64) {
        pending.jobs.append(UpkeepJob(work: .redelivery(Redelivery(query, trigger: trigger, now: now), reply)))
    }

    func begin(_ action: DeliveryAction, _ delivery: DeliveryID, _ reply: CommandReply<DeliveryActionResult>) {
        pending.jobs.append(UpkeepJob(work: .delivery(action, delivery, reply)))
    }

    /// Begins a release of ordering keys.
    func beginRelease(tenant: String, endpoint: String, orderingKey: String?, _ reply: CommandReply<Int>) {
        guard let number = registry.tenantNumber(named: tenant) else {
            return output.answers.append { reply.send(.failure(.unknownTenant(tenant))) }
        }
        guard let endpointNumber = registry.tenants[number: number.value]?.endpoints[endpoint] else {
            return output.answers.append { reply.send(.failure(.unknownEndpoint(tenant: tenant, name: endpoint))) }
        }
        pending.jobs.append(
            UpkeepJob(work: .keyRelease(endpointNumber, orderingKey: orderingKey, count: 0, reply)))
    }

    /// Writes a slice of the first job.
    func writeJob(now: Int64, in transaction: borrowing WriteTransaction) throws(LMDBError) -> UpkeepJob.Slice? {
        guard let job = pending.jobs.first else { return nil }
        var slice = UpkeepJob.Slice(job: job)
        switch job.work {
        case .redelivery(var redelivery, let reply):
            // A millisecond from now, as retries are: never before what a scan has seen.
            slice.redelivered = try redelivery.next(
                tables, dueAt: now + 1, limit: pending.sliceSize.rows, isKnown: { registry.isLive($0) },
                in: transaction)
            slice.sequenced = redelivery.sequenced
            slice.isOver = redelivery.isOver
            slice.job.work = .redelivery(redelivery, reply)
        case .keyRelease(let number, let orderingKey?, let count, let reply):
            let bytes = Array(orderingKey.utf8)
            let sequence = bytes.withUnsafeBytes { SequenceKey(endpoint: number, orderingKey: $0) }
            let release = try tables.release(sequence, now: now, in: transaction)
            slice.sequences.toHand = release.next.map { [$0] } ?? []
            slice.isOver = true
            slice.job.work = .keyRelease(
                number, orderingKey: orderingKey, count: count + (release.wasHeld ? 1 : 0), reply)
        case .keyRelease(let number, nil, let count, let reply):
            let limit = pending.sliceSize.rows
            let released = try tables.releaseHolds(of: number, limit: limit, now: now, in: transaction)
            slice.sequences.toHand = released.heads
            slice.isOver = released.ended < limit
            slice.job.work = .keyRelease(number, orderingKey: nil, count: count + released.ended, reply)
        case .delivery(.redeliver, let delivery, _):
            try writeRedelivery(of: delivery, &slice, now: now, in: transaction)
            slice.isOver = true
        case .delivery(.cancel, let delivery, _):
            slice.action = try writeCancelling(of: delivery, &slice.sequences, now: now, in: transaction)
            slice.isOver = true
        }
        return slice
    }

    /// Applies what was committed.
    func apply(_ slice: UpkeepJob.Slice, now: Int64) {
        statistics.redelivered += slice.redelivered.count
        if !slice.redelivered.isEmpty { dispatch.noteDue(at: now + 1) }
        for number in slice.sequenced {
            // Whatever its order is now: what becomes of them moves their sequences on.
            _ = registry.update(number) { $0.hasSequences = true }
            dispatch.setBehind(number, true, &registry)
        }
        if case .delivery(.cancel, let delivery, _) = slice.job.work, slice.action == .done {
            applyCancelling(of: delivery)
        }
        apply(slice.sequences, now: now)
        pending.jobs.removeFirst()
        guard slice.isOver else { return pending.jobs.append(slice.job) }
        switch slice.job.work {
        case .redelivery(let redelivery, let reply):
            output.answers.append { reply.send(.success(redelivery.result)) }
        case .keyRelease(_, _, let count, let reply):
            output.answers.append { reply.send(.success(count)) }
        case .delivery(_, _, let reply):
            let result = slice.action ?? .unknown
            output.answers.append { reply.send(.success(result)) }
        }
    }
}
