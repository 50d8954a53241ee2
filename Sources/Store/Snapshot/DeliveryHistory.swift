import LMDB
public import WebhookModel

/// What a delivery is about to come to, in the words of its users.
public enum DeliveryPhase: String, Sendable, CaseIterable {
    /// Its next attempt is its first one, or the first one of a redelivery.
    case pending
    /// The last attempt failed, and another one follows.
    case failing
    case delivered
    /// It used all its attempts.
    case dead
    case cancelled
}

extension DeliveryRow {
    public var phase: DeliveryPhase {
        switch state {
        case .delivered: .delivered
        case .deadLettered: .dead
        case .cancelled: .cancelled
        case .scheduled: attempts > round.earlier ? .failing : .pending
        }
    }

    /// How the last attempt ended, or why there was none; nil: nothing of this is known yet.
    public var lastOutcome: Outcome? { attempts > 0 || state == .deadLettered ? outcome : nil }
}

/// Which deliveries: every condition that is given must hold.
public struct DeliveryQuery: Sendable {
    public var tenants: Set<TenantNumber>?
    public var endpoint: EndpointNumber?
    public var event: EventID?
    public var phases: Set<DeliveryPhase>?
    /// How the last attempt ended: one of these.
    public var outcomes: Set<Outcome>?
    /// The status of the last answer.
    public var status: ClosedRange<UInt16>?
    /// Of events that were accepted at this time or later, Unix milliseconds.
    public var since: Int64?
    /// Of events that were accepted before this time, Unix milliseconds.
    public var until: Int64?
    public var types: Subscription?
    public var correlationID: String?
    public var orderingKey: String?

    public init() {}

    func admits(_ row: DeliveryRow) -> Bool {
        if let phases, !phases.contains(row.phase) { return false }
        if let status, !status.contains(row.status) { return false }
        guard let outcomes else { return true }
        return row.lastOutcome.map(outcomes.contains) ?? false
    }

    func admits(_ event: Event) -> Bool { event.matches(types, correlationID: correlationID, orderingKey: orderingKey) }

    /// Whether the event's content must be known.
    var readsEvents: Bool { types != nil || correlationID != nil || orderingKey != nil }
}

extension Event {
    /// A field of the record as text.
    public func text(_ span: EventRecord.Span) -> String { String(decoding: bytes[span.range], as: UTF8.self) }

    func matches(_ types: Subscription?, correlationID: String?, orderingKey: String? = nil) -> Bool {
        if let correlationID, !bytes[record.correlationID.range].elementsEqual(correlationID.utf8) { return false }
        if let orderingKey, !bytes[record.orderingKey.range].elementsEqual(orderingKey.utf8) { return false }
        guard let types else { return true }
        return bytes.withUnsafeBytes { types.matches(UnsafeRawBufferPointer(rebasing: $0[record.type.range])) }
    }
}

/// A delivery with its event.
public struct DeliveryListed: Sendable {
    public var id: DeliveryID
    /// Nil: its row is damaged.
    public var row: DeliveryRow?
    public var tenant: TenantNumber
    /// When its event was accepted, Unix milliseconds.
    public var acceptedAt: Int64
    /// Nil: its record is damaged.
    public var event: Event?
}

extension StoreSnapshot {
    /// Deliveries, those of the newest events first.
    ///
    /// A page looks at `request.scanned` rows. Times are found by bisection, so a page far back costs no more than the
    /// first one. It ends early after some MiB of records (`Limits.searchedBytesPerSlice`).
    public func deliveries(
        _ query: DeliveryQuery, _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<DeliveryListed> {
        if let after = request.after, after.list != .deliveries { throw .invalidCursor }
        // Events are read after the walk: an unreadable page would end it.
        var (found, next) = try reading { () throws(LMDBError) in try candidates(query, request) }
        var rows: [DeliveryListed] = []
        var read = 0
        for index in found.indices {
            guard read < Limits.searchedBytesPerSlice else {
                next = Tables.key(found[index - 1].id).withBytes { PageCursor(.deliveries, $0) }
                break
            }
            if case .event(let event) = try event(at: found[index].id.position) {
                read += event.bytes.count
                guard query.admits(event) else { continue }
                found[index].event = event
            } else if query.readsEvents {
                // An event that cannot be read matches no condition about its content.
                continue
            }
            rows.append(found[index])
        }
        return Page(rows: rows, next: next)
    }

    /// A delivery with its event; nil where there is none.
    public func deliveryListed(_ id: DeliveryID) throws(StoreReadError) -> DeliveryListed? {
        guard let row = try delivery(id), let header = try eventHeader(id.position) else { return nil }
        var listed = DeliveryListed(id: id, row: row, tenant: header.tenant, acceptedAt: header.acceptedAt)
        if case .event(let event) = try event(at: id.position) { listed.event = event }
        return listed
    }

    /// The same where the delivery's row may be damaged.
    public func deliveryOrDamaged(_ id: DeliveryID) throws(StoreReadError) -> DeliveryListed? {
        guard let header = try eventHeader(id.position) else { return nil }
        let row = try reading { () throws(LMDBError) in try tables.delivery(id, in: transaction) }
        var listed = DeliveryListed(id: id, row: row, tenant: header.tenant, acceptedAt: header.acceptedAt)
        if case .event(let event) = try event(at: id.position) { listed.event = event }
        return listed
    }

    /// The events with this id, the newest first: one for each tenant that published it.
    public func events(_ id: EventID) throws(StoreReadError) -> [StoredEvent] {
        let positions = try reading { () throws(LMDBError) in try tables.positions(of: id, in: transaction) }
        var found: [StoredEvent] = []
        for position in positions.sorted(by: >) {
            guard let header = try eventHeader(position) else { continue }
            var stored = StoredEvent(position: position, tenant: header.tenant, acceptedAt: header.acceptedAt)
            if case .event(let event) = try event(at: position) { stored.event = event }
            found.append(stored)
        }
        return found
    }

    private func eventHeader(_ position: EventPosition) throws(StoreReadError) -> EventHeader? {
        try reading { () throws(LMDBError) in
            try transaction.get(tables.events, Key(position.value)).flatMap(EventHeader.init)
        }
    }

    // MARK: The walk

    /// Those that match as far as their rows and the headers of their events tell.
    private func candidates(
        _ query: DeliveryQuery, _ request: PageRequest
    ) throws(LMDBError) -> (rows: [DeliveryListed], next: PageCursor?) {
        var found: [DeliveryListed] = []
        var looked = 0
        var last = request.after
        for range in try ranges(query) {
            var place = Key(range.upperBound)
            if let after = request.after, let key = after.key.withUnsafeBytes({ Key($0) }), key.sortsBefore(place) {
                place = key
            }
            var cursor = try transaction.cursor(tables.deliveries)
            var header: (position: UInt64, header: EventHeader?)?
            var entry = try cursor.seekBefore(place)
            while let row = entry, row.key.count < 12 || row.key.uint64(at: 0) >= range.lowerBound {
                guard found.count < request.limit, looked < request.scanned else { return (found, last) }
                looked += 1
                last = PageCursor(.deliveries, row.key)
                if let listed = try listed(row, query, &header) { found.append(listed) }
                entry = try cursor.previous()
            }
        }
        return (found, nil)
    }

    private func listed(
        _ row: Cursor.Entry, _ query: DeliveryQuery, _ header: inout (position: UInt64, header: EventHeader?)?
    ) throws(LMDBError) -> DeliveryListed? {
        guard row.key.count == 12 else { return nil }
        let position = row.key.uint64(at: 0)
        let id = DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(row.key.uint32(at: 8)))
        if let endpoint = query.endpoint, id.endpoint != endpoint { return nil }
        let own = DeliveryRow(row.key, row.value)
        if let own {
            guard query.admits(own) else { return nil }
        } else if query.phases != nil || query.outcomes != nil || query.status != nil {
            return nil
        }
        if header?.position != position {
            header = (position, try transaction.get(tables.events, Key(position)).flatMap(EventHeader.init))
        }
        guard let header = header?.header, query.tenants?.contains(header.tenant) ?? true else { return nil }
        return DeliveryListed(id: id, row: own, tenant: header.tenant, acceptedAt: header.acceptedAt)
    }

    /// The positions that the walk is about, the latest first.
    private func ranges(_ query: DeliveryQuery) throws(LMDBError) -> [Range<UInt64>] {
        let first = try query.since.map { time throws(LMDBError) in try firstPosition(acceptedFrom: time) } ?? 0
        let end = try query.until.map { time throws(LMDBError) in try firstPosition(acceptedFrom: time) } ?? .max
        guard first < end else { return [] }
        guard let event = query.event else { return [first..<end] }
        return try tables.positions(of: event, in: transaction).map(\.value).sorted(by: >)
            .filter { first <= $0 && $0 < end }.map { $0..<$0 + 1 }
    }

    /// The first position whose event was accepted at this time or later; `UInt64.max`: there is none. Bisects: positions
    /// are in the order of their times, but for a clock that was set back.
    func firstPosition(acceptedFrom time: Int64) throws(LMDBError) -> UInt64 {
        var cursor = try transaction.cursor(tables.events)
        guard let first = try cursor.first(), first.key.count == 8 else { return .max }
        var low = first.key.uint64(at: 0)
        guard let last = try cursor.last(), last.key.count == 8 else { return .max }
        var high = last.key.uint64(at: 0) + 1
        let end = high
        while low < high {
            let middle = low + (high - low) / 2
            guard let entry = try cursor.seek(Key(middle)), entry.key.count == 8 else {
                high = middle
                continue
            }
            // A malformed header tells no time: it counts as later, and the search goes on before it.
            if let header = EventHeader(entry.value), header.acceptedAt < time {
                low = entry.key.uint64(at: 0) + 1
            } else {
                high = middle
            }
        }
        return low == end ? .max : low
    }
}
