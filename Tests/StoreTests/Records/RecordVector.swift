import Foundation
import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// One row of the store, as Tests/Vectors/records keeps it.
struct RecordVector: Sendable, CustomTestStringConvertible {
    let name: String
    let table: String
    let key: [UInt8]
    let value: [UInt8]
    /// Read only: no program of this version writes it.
    let isOld: Bool
    private let meaning: Data

    var testDescription: String { name }

    static let all: [RecordVector] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Vectors/records/format-2.json")
        guard let data = try? Data(contentsOf: file),
            let list = try? JSONSerialization.jsonObject(with: data) as? [[String: Any]]
        else { return [] }
        return list.compactMap { RecordVector($0) }
    }()

    private init?(_ object: [String: Any]) {
        guard let name = object["name"] as? String, let table = object["table"] as? String,
            let key = object["key"] as? String, let value = object["value"] as? String,
            let meaning = object["meaning"], let data = try? JSONSerialization.data(withJSONObject: meaning)
        else { return nil }
        self.name = name
        self.table = table
        self.key = RecordVector.bytes(key)
        self.value = RecordVector.bytes(value)
        self.meaning = data
        isOld = object["only"] as? String == "decode"
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).compactMap(HexDigits.value)
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    // MARK: The meaning

    private var fields: [String: Any] {
        (try? JSONSerialization.jsonObject(with: meaning) as? [String: Any]) ?? [:]
    }

    func has(_ field: String) -> Bool { fields[field].map { !($0 is NSNull) } ?? false }
    func number(_ field: String) -> Int64 { (fields[field] as? NSNumber)?.int64Value ?? 0 }
    func text(_ field: String) -> String { fields[field] as? String ?? "" }
    func texts(_ field: String) -> [String] { fields[field] as? [String] ?? [] }
    func numbers(_ field: String) -> [Int64] { (fields[field] as? [NSNumber])?.map(\.int64Value) ?? [] }
    func list(_ field: String) -> [Any] { fields[field] as? [Any] ?? [] }
    func object(_ field: String) -> [String: Any] { fields[field] as? [String: Any] ?? [:] }

    var position: EventPosition { EventPosition(UInt64(number("position"))) }
    var endpoint: EndpointNumber { EndpointNumber(UInt32(number("endpoint"))) }
    var delivery: DeliveryID { DeliveryID(position: position, endpoint: endpoint) }
    var origin: Origin { Origin(rawValue: number("origin")) ?? .api }
    var rate: Rate? {
        has("rate") ? Rate(perSecond: Int(numbers("rate")[0]), burst: Int(numbers("rate")[1])) : nil
    }
    var retry: RetryPolicy? {
        guard has("retry"), let delays = object("retry")["delays"] as? [NSNumber],
            let jitter = object("retry")["jitter"] as? NSNumber
        else { return nil }
        return RetryPolicy(delays: delays.map(\.int64Value), jitterPercent: jitter.intValue)
    }

    func stored<Value>(_ value: Value) -> Stored<Value> {
        Stored(
            value, origin: origin, revision: UInt64(number("revision")), createdAt: number("created_at"),
            updatedAt: number("updated_at"))
    }

    var pending: PendingEntry {
        PendingEntry(delivery: delivery, dueAt: number("due_at"), attempts: UInt16(number("attempts")))
    }

    var sequence: SequenceKey {
        Array(text("ordering_key").utf8).withUnsafeBytes { SequenceKey(endpoint: endpoint, orderingKey: $0) }
    }

    var deliveryRow: DeliveryRow {
        var bond = DeliveryRow.Bond.none
        if let kind = list("bond").first as? String, let number = list("bond").last as? NSNumber {
            bond =
                kind == "batch"
                ? .batch(leader: EventPosition(number.uint64Value)) : .sequence(number.uint64Value)
        }
        return DeliveryRow(
            state: DeliveryState(rawValue: UInt8(number("state")))!,
            outcome: Outcome(rawValue: UInt8(number("outcome")))!,
            attempts: UInt16(number("attempts")), status: UInt16(number("status")), dueAt: number("due_at"),
            finishedAt: number("finished_at"),
            round: DeliveryRound(
                earlier: UInt16(numbers("round")[0]), trigger: AttemptTrigger(rawValue: UInt8(numbers("round")[1]))!),
            bond: bond)
    }
}
