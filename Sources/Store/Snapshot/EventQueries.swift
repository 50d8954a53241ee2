import LMDB
public import WebhookModel

/// An event as it is listed.
public struct StoredEvent: Sendable {
    public var position: EventPosition
    public var tenant: TenantNumber
    /// Unix milliseconds.
    public var acceptedAt: Int64
    /// Nil: its record is damaged.
    public var event: Event?
}

/// Which events: every condition that is given must hold.
public struct EventQuery: Sendable {
    public var tenants: Set<TenantNumber>?
    /// Accepted at this time or later, Unix milliseconds.
    public var since: Int64?
    /// Accepted before this time, Unix milliseconds.
    public var until: Int64?
    public var types: Subscription?
    public var correlationID: String?

    public init(tenants: Set<TenantNumber>? = nil, since: Int64? = nil, until: Int64? = nil) {
        self.tenants = tenants
        self.since = since
        self.until = until
    }

    /// Whether the event's content must be known.
    var readsEvents: Bool { types != nil || correlationID != nil }

    func admits(_ header: EventHeader) -> Bool {
        (tenants?.contains(header.tenant) ?? true) && header.acceptedAt >= since ?? .min
            && header.acceptedAt < until ?? .max
    }
}

extension StoreSnapshot {
    /// The event at a position, checked.
    public func event(at position: EventPosition) throws(StoreReadError) -> EventReading {
        try reading { () throws(LMDBError) in try tables.event(at: position, in: transaction) }
    }

    /// The event with this id of this tenant, checked.
    public func event(_ id: EventID, of tenant: TenantNumber) throws(StoreReadError) -> EventReading {
        try reading { () throws(LMDBError) in
            guard let known = try tables.find(id, of: tenant, in: transaction) else { return .missing }
            return try tables.event(at: known.position, in: transaction)
        }
    }

    /// Events, the newest first. A page ends early after some MiB of records (`Limits.searchedBytesPerSlice`). Times are
    /// found by bisection, so a page far back costs no more than the first one.
    public func events(
        _ query: EventQuery = EventQuery(), _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<StoredEvent> {
        var request = request
        if request.after == nil, let until = query.until {
            let end = try reading { () throws(LMDBError) in try firstPosition(acceptedFrom: until) }
            request.after = Key(end).withBytes { PageCursor(.events, $0) }
        }
        var page: Page<StoredEvent> = try self.page(.events, tables.events, request, .newestFirst) { entry in
            guard entry.key.count == 8, let header = EventHeader(entry.value) else { return .malformed }
            guard query.admits(header) else { return .leftOut }
            return .row(
                StoredEvent(
                    position: EventPosition(entry.key.uint64(at: 0)), tenant: header.tenant,
                    acceptedAt: header.acceptedAt))
        }
        if let since = query.since, let next = page.next {
            let first = try reading { () throws(LMDBError) in try firstPosition(acceptedFrom: since) }
            if next.key.withUnsafeBytes({ $0.count == 8 && $0.uint64(at: 0) <= first }) { page.next = nil }
        }
        // Read after the walk: an unreadable page would end it.
        var read = 0
        for index in page.rows.indices {
            guard read < Limits.searchedBytesPerSlice else {
                page.next = Key(page.rows[index - 1].position.value).withBytes { PageCursor(.events, $0) }
                page.rows.removeSubrange(index...)
                break
            }
            guard case .event(let event) = try self.event(at: page.rows[index].position) else { continue }
            read += event.bytes.count
            page.rows[index].event = event
        }
        // An event that cannot be read matches no condition about its content.
        if query.readsEvents {
            page.rows.removeAll { row in
                row.event.map { !$0.matches(query.types, correlationID: query.correlationID) } ?? true
            }
        }
        return page
    }
}
