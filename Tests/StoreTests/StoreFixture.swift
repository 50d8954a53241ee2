import LMDB
import Store
import TestSupport
import WebhookModel

/// An open store in a directory of its own.
final class StoreFixture {
    let folder = TemporaryDirectory()
    let faults = FaultPlan()
    private(set) var directory: DataDirectory!
    var tables: Tables { directory.tables }

    init(mapBytes: Int = 64 << 20, durability: Environment.Durability = .none) throws {
        directory = try DataDirectory(
            path: folder.path + "/data", mapBytes: mapBytes, durability: durability, faults: faults)
    }

    func reopen() throws {
        directory = nil
        directory = try DataDirectory(path: folder.path + "/data", mapBytes: 64 << 20)
    }

    func write(_ body: (borrowing WriteTransaction) throws -> Void) throws {
        let transaction = try directory.environment.beginWrite()
        try body(transaction)
        try transaction.commit()
    }

    func read<Result>(_ body: (borrowing ReadTransaction) throws -> Result) throws -> Result {
        try directory.environment.read { snapshot in try body(snapshot) }
    }

    /// Stores an event with one delivery for each endpoint.
    func store(
        _ position: UInt64, payload: Int = 10, endpoints: [UInt32] = [1], acceptedAt: Int64 = 0
    ) throws -> [UInt8] {
        let record = Sample.recordBytes(
            id: EventID(high: 9, low: position), payload: Array(repeating: 65, count: payload))
        try write { transaction in
            _ = try record.withUnsafeBytes { bytes in
                try tables.insert(
                    bytes, checksum: Tables.checksum(bytes), id: EventID(high: 9, low: position),
                    at: EventPosition(position), tenant: TenantNumber(1), acceptedAt: acceptedAt, in: transaction)
            }
            for endpoint in endpoints {
                let delivery = DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
                try tables.schedule(delivery, dueAt: 1_000, in: transaction)
            }
        }
        return record
    }

    func finish(_ position: UInt64, endpoint: UInt32 = 1, _ state: DeliveryState = .delivered, at time: Int64 = 0)
        throws
    {
        let delivery = DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
        try write { transaction in
            try tables.remove(delivery, from: .due(1_000), in: transaction)
            try tables.update(delivery, DeliveryRow(state: state, dueAt: 0, finishedAt: time), in: transaction)
        }
    }
}
