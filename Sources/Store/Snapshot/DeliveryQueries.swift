import LMDB
public import WebhookModel

/// A delivery as it is listed.
public struct StoredDelivery: Sendable, Equatable {
    public var id: DeliveryID
    /// Nil: its row is damaged.
    public var row: DeliveryRow?
}

/// An attempt as it is listed.
public struct StoredAttempt: Sendable, Equatable {
    public var delivery: DeliveryID
    /// From 1.
    public var attempt: UInt16
    public var row: AttemptRow
}

extension StoreSnapshot {
    /// A delivery's row; nil where there is none.
    ///
    /// - Throws: `damaged` where the row is there and is not what was written.
    public func delivery(_ delivery: DeliveryID) throws(StoreReadError) -> DeliveryRow? {
        let key = Tables.key(delivery)
        let value = try reading { () throws(LMDBError) in try transaction.get(tables.deliveries, key) }
        guard let value else { return nil }
        guard let row = key.withBytes({ bytes in DeliveryRow(bytes, value) }) else {
            throw .damaged("the row of a delivery at position \(delivery.position.value)")
        }
        return row
    }

    /// The deliveries of an event, by endpoint.
    public func deliveries(
        of position: EventPosition, _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<StoredDelivery> {
        try page(.deliveries, tables.deliveries, request, prefix: Key(position.value), .ascending) { entry in
            guard entry.key.count == 12 else { return .malformed }
            let id = DeliveryID(position: position, endpoint: EndpointNumber(entry.key.uint32(at: 8)))
            return .row(StoredDelivery(id: id, row: DeliveryRow(entry.key, entry.value)))
        }
    }

    /// The attempts of a delivery, the first one first. Those of a member of a batch are recorded under the batch's
    /// leader.
    public func attempts(
        of delivery: DeliveryID, _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<StoredAttempt> {
        try page(.attempts, tables.attempts, request, prefix: Tables.key(delivery), .ascending) { entry in
            guard entry.key.count == 14, let row = AttemptRow(entry.value) else { return .malformed }
            return .row(StoredAttempt(delivery: delivery, attempt: entry.key.uint16(at: 12), row: row))
        }
    }

    /// The same, the last one first.
    public func latestAttempts(
        of delivery: DeliveryID, _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<StoredAttempt> {
        try page(.attempts, tables.attempts, request, prefix: Tables.key(delivery), .newestFirst) { entry in
            guard entry.key.count == 14, let row = AttemptRow(entry.value) else { return .malformed }
            return .row(StoredAttempt(delivery: delivery, attempt: entry.key.uint16(at: 12), row: row))
        }
    }

    /// What is parked with an endpoint, in commit order.
    public func parked(
        of endpoint: EndpointNumber, _ request: PageRequest = PageRequest()
    ) throws(StoreReadError) -> Page<PendingEntry> {
        try page(.parked, tables.parked, request, prefix: Tables.key(endpoint.value), .ascending) { entry in
            Listed(PendingEntry(parked: entry))
        }
    }
}
