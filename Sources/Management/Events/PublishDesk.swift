import Access
public import Threading
public import WebhookModel

/// What became of one event of a request.
public struct EventReceipt: Sendable {
    public var id: EventID
    public var result: EventResult
    /// Milliseconds to wait, with a result that means "send again".
    public var retryAfter: Int
}

// Publishing, by the same admission code as the binary port.
extension ManagementDesk {
    /// Publishes events as one batch: each has a receipt of its own, in order, when all are durable.
    ///
    /// - Throws: `missingScope`, `stopping`. What is wrong with an event is in its receipt.
    public func publish(
        _ events: [NewEvent], for caller: Caller, now: Instant
    ) async throws(ManagementError) -> [EventReceipt] {
        try caller.require(.publish)
        guard state.phase != .stopping else {
            throw ManagementError(.stopping, "the server stops; send the events again", retryAfter: 1_000)
        }
        var gate = EventGate(
            caller.authentication, directory: caller.directory, rates: access.rates,
            payloadLimit: settings.payloadBytes)
        var gathered = GatheredEvents()
        // A text that no record can hold becomes an empty record, which the gate refuses as malformed.
        gathered.append(
            events.map { $0.record ?? [] }, token: 0, through: &gate, wallMilliseconds: now.wallMilliseconds)
        if let bucket = gate.bucket { gathered.throttle(by: bucket, now: now.monotonic) }
        let drafts = await intake.offer { gathered.takeBatch(source: $0, receipts: $1) }
        guard let drafts else {
            throw ManagementError(
                .stopping, "the server ended before the events were durable; send them again with the same ids",
                retryAfter: 1_000)
        }
        return zip(events, drafts).map { event, draft in
            EventReceipt(id: event.id, result: draft.result, retryAfter: Int(draft.retryAfter))
        }
    }
}

extension EventReceipt {
    /// The word of the result in answers.
    public var word: String {
        switch result {
        case .accepted: "accepted"
        case .acceptedNoMatch: "accepted_no_match"
        case .duplicate: "duplicate"
        case .throttled: "throttled"
        case .busy, .undecided: "busy"
        case .storageFull: "storage_full"
        case .draining: "stopping"
        case .malformed: "malformed"
        case .tooLarge: "too_large"
        case .unknownTenant: "unknown_tenant"
        case .tenantDisabled: "tenant_disabled"
        case .forbidden: "forbidden"
        case .unknownEventType: "unknown_event_type"
        case .conflict: "conflict"
        case .badTime: "bad_time"
        }
    }

    /// Why the event was not stored; nil: it was.
    public var refusal: ManagementError? {
        let wait = max(retryAfter, 1)
        return switch result {
        case .accepted, .acceptedNoMatch, .duplicate: nil
        case .throttled:
            ManagementError(
                .throttled, "over the key's rate, or the tenant has too many pending deliveries; send again later",
                retryAfter: wait)
        case .busy, .undecided:
            ManagementError(.overloaded, "the server has no room for more events now; send again", retryAfter: wait)
        case .storageFull: ManagementError(.storageFull, "the store is full; send again later", retryAfter: wait)
        case .draining: ManagementError(.stopping, "the server stops; send again", retryAfter: wait)
        case .malformed:
            ManagementError(
                .invalid,
                "a name, a text or the number of attributes is over its limit; expected tenant and type of A-Z a-z 0-9 _ . -"
            )
        case .tooLarge: ManagementError(.tooLarge, "the payload is too large", field: "/payload")
        case .unknownTenant: ManagementError(.unknownTenant, "there is no such tenant", field: "/tenant")
        case .tenantDisabled: ManagementError(.tenantDisabled, "the tenant is disabled", field: "/tenant")
        case .forbidden:
            ManagementError(.forbidden, "the API key does not allow this tenant or this event type")
        case .unknownEventType: ManagementError(.unknownEventType, "the event type is not known", field: "/type")
        case .conflict:
            ManagementError(
                .conflict, "this id was published before with other content; choose a new one", field: "/id")
        case .badTime:
            ManagementError(
                .invalid, "occurred_at or deliver_at is out of range; expected at most 30 days ahead",
                field: "/deliver_at")
        }
    }
}
