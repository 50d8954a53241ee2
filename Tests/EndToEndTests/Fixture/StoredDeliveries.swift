import LMDB
import Store
import WebhookModel

/// What a stopped server's store says.
enum StoredDeliveries {
    /// The deliveries of the first few events, in order of event and endpoint.
    static func read(_ path: String) throws -> [DeliveryRow] {
        let directory = try DataDirectory(path: path, mapBytes: 64 << 30)
        return try directory.environment.read { snapshot in
            var rows: [DeliveryRow] = []
            for position in UInt64(0)...8 {
                for endpoint in UInt32(0)...8 {
                    let id = DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
                    if let row = try directory.tables.delivery(id, in: snapshot) { rows.append(row) }
                }
            }
            return rows
        }
    }

    /// Enters dead letters with these outcomes, at the positions from 1 on, in a store that is made if it is missing.
    static func putDeadLetters(_ outcomes: [Outcome], _ path: String) throws {
        let directory = try DataDirectory(path: path, mapBytes: 64 << 30)
        let transaction = try directory.environment.beginWrite()
        for (index, outcome) in outcomes.enumerated() {
            let id = DeliveryID(position: EventPosition(UInt64(index + 1)), endpoint: EndpointNumber(1))
            try directory.tables.putDeadLetter(
                id, at: 1_700_000_000_000, outcome: outcome, status: 0, attempts: 9, in: transaction)
        }
        try transaction.commit()
    }

    /// The attempts of the first event for the first endpoint.
    static func attempts(_ path: String) throws -> [AttemptRow] {
        let directory = try DataDirectory(path: path, mapBytes: 64 << 30)
        return try directory.environment.read { snapshot in
            let id = DeliveryID(position: EventPosition(1), endpoint: EndpointNumber(1))
            return try directory.tables.attempts(of: id, in: snapshot)
        }
    }
}
