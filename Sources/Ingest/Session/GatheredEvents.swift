package import WebhookModel
import WireProtocol

/// The events of one channel read on their way into a batch. The bytes of each PUBLISH are copied once, here.
package struct GatheredEvents {
    package private(set) var bytes: [UInt8] = []
    package private(set) var drafts: [EventDraft] = []
    package private(set) var groups: [DraftGroup] = []

    package var isEmpty: Bool { groups.isEmpty }
    var hasUndecided: Bool { drafts.contains { $0.result == .undecided } }

    /// Makes room once for everything that one read can hold.
    mutating func reserve(bytes count: Int, events: Int) {
        bytes.reserveCapacity(count)
        drafts.reserveCapacity(events)
    }

    /// Adds the events of a PUBLISH frame as one group, the refused ones among them with their refusals.
    mutating func append(
        _ body: PublishBody, requestID: UInt64, gate: inout TenantGate, payloadLimit: Int, wallMilliseconds: Int64
    ) {
        let base = bytes.count
        bytes.append(contentsOf: body.records)
        let latestDelivery = wallMilliseconds + Limits.deliverAheadMilliseconds
        body.forEachRecord { range in
            let record = UnsafeRawBufferPointer(rebasing: body.records[range])
            let span = EventRecord.Span(offset: base + range.lowerBound, count: range.count)
            let none = TenantNumber(0)
            switch EventRecord.parse(record, payloadLimit: payloadLimit) {
            case .failure(let refusal):
                drafts.append(EventDraft(record: EventRecord(), span: span, tenant: none, result: refusal.result))
            case .success(let fields) where fields.deliverAt > latestDelivery:
                drafts.append(EventDraft(record: fields, span: span, tenant: none, result: .badTime))
            case .success(let fields):
                let verdict = gate.verdict(
                    tenant: UnsafeRawBufferPointer(rebasing: record[fields.tenant.range]),
                    type: UnsafeRawBufferPointer(rebasing: record[fields.type.range]))
                drafts.append(EventDraft(record: fields, span: span, tenant: verdict.tenant, result: verdict.result))
            }
        }
        groups.append(DraftGroup(token: requestID, count: body.count))
    }

    /// Takes the key's rate for all that is undecided, at once; what is over it is told when to come back.
    mutating func throttle(by bucket: RateBucket, now: Int64) {
        let wanted = drafts.count { $0.result == .undecided }
        guard wanted > 0 else { return }
        var grant = bucket.take(wanted, now: now)
        guard grant.events < wanted else { return }
        for index in drafts.indices where drafts[index].result == .undecided {
            if grant.events > 0 {
                grant.events -= 1
            } else {
                drafts[index].result = .throttled
                drafts[index].retryAfter = grant.retryAfter
            }
        }
    }
}
