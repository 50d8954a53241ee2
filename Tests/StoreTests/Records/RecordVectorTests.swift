import Foundation
import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// The rows of Tests/Vectors/records, written from DataLayout.md alone: this program writes the same bytes and reads
/// the same meaning.
@Suite struct RecordVectorTests {
    @Test func `there are vectors of every table that is written`() throws {
        let tables = Set(RecordVector.all.map(\.table))
        #expect(RecordVector.all.count == 33)
        #expect(
            tables == [
                "meta", "tenants", "keys", "endpoints", "events", "ids", "chunks", "deliveries", "due", "parked",
                "attempts", "dead", "heads", "behind", "holds", "gathering", "batches",
            ])
    }

    @Test(arguments: RecordVector.all.filter { !$0.isOld })
    func `a written row has the bytes of its vector`(vector: RecordVector) throws {
        let store = try StoreFixture()
        try store.write { transaction in try write(vector, store.tables, in: transaction) }
        let value = try store.raw(vector.table, vector.key)
        #expect(value == vector.value, "\(hex(value ?? [])) is not \(hex(vector.value))")
    }

    @Test(arguments: RecordVector.all)
    func `the bytes of a vector are read as its values`(vector: RecordVector) throws {
        let store = try StoreFixture()
        // A record in chunks needs its chunks, and a chunk its record.
        let others = RecordVector.all.filter {
            $0.name != vector.name && ["events", "chunks"].contains($0.table)
                && ["events", "chunks"].contains(vector.table)
        }
        try store.put(others + [vector])
        try store.read { snapshot in try expect(vector, store, in: snapshot) }
    }

    @Test(arguments: RecordVector.all.filter { ["deliveries", "due", "parked"].contains($0.table) && !$0.isOld })
    func `a row with one flipped bit is not read`(vector: RecordVector) throws {
        let store = try StoreFixture()
        var value = vector.value
        value[value.count / 2] ^= 1
        try store.put(vector.table, vector.key, value)
        try store.read { snapshot in
            switch vector.table {
            case "deliveries":
                let row = try store.tables.delivery(vector.delivery, in: snapshot)
                #expect(row == nil)
            default:
                let (found, skipped) = try store.waiting(vector, in: snapshot)
                #expect(found == nil && skipped == 1)
            }
        }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [HexDigits.lower($0 >> 4), HexDigits.lower($0 & 15)] }, as: UTF8.self)
    }

    // MARK: Writing

    private func write(_ vector: RecordVector, _ tables: Tables, in transaction: borrowing WriteTransaction) throws {
        switch vector.table {
        case "meta": try writeMeta(vector, tables, in: transaction)
        case "tenants": try tables.put(vector.stored(vector.tenant), in: transaction)
        case "keys": try tables.put(vector.stored(vector.apiKey), number: vector.keyNumber, in: transaction)
        case "endpoints": try tables.put(vector.stored(vector.endpointRow), in: transaction)
        case "events", "ids", "chunks": try insertEvent(vector, tables, in: transaction)
        case "deliveries": try tables.update(vector.delivery, vector.deliveryRow, in: transaction)
        case "due": try tables.putDue(vector.pending, in: transaction)
        case "parked":
            try tables.putDue(vector.pending, in: transaction)
            try tables.park([vector.pending], in: transaction)
        case "attempts":
            try tables.record(vector.report, nextAt: vector.number("next_at"), in: transaction)
        case "dead":
            try tables.putDeadLetter(
                vector.delivery, at: vector.number("at"), outcome: Outcome(rawValue: UInt8(vector.number("outcome")))!,
                status: UInt16(vector.number("status")), attempts: UInt16(vector.number("attempts")), in: transaction)
        case "heads", "holds":
            _ = try tables.schedule(vector.delivery, dueAt: 1, vector.sequence, in: transaction)
            if vector.table == "holds" { try tables.hold(vector.delivery, vector.sequence, in: transaction) }
        case "behind":
            let head = DeliveryID(position: EventPosition(1), endpoint: vector.endpoint)
            _ = try tables.schedule(head, dueAt: 1, vector.sequence, in: transaction)
            _ = try tables.schedule(vector.delivery, dueAt: vector.number("due_at"), vector.sequence, in: transaction)
        case "gathering":
            try tables.gather(
                GatheredEntry(
                    delivery: vector.delivery, since: vector.number("since"), bytes: Int(vector.number("bytes"))),
                in: transaction)
        case "batches": try writeBatch(vector, tables, in: transaction)
        default: Issue.record("no writer for \(vector.table)")
        }
    }

    private func writeMeta(
        _ vector: RecordVector, _ tables: Tables, in transaction: borrowing WriteTransaction
    ) throws {
        var counters = Counters()
        if vector.has("next_position") { counters.nextPosition = UInt64(vector.number("next_position")) }
        if vector.has("next_tenant") { counters.nextTenant = UInt32(vector.number("next_tenant")) }
        if vector.has("next_endpoint") { counters.nextEndpoint = UInt32(vector.number("next_endpoint")) }
        if vector.has("next_api_key") { counters.nextAPIKey = UInt32(vector.number("next_api_key")) }
        try tables.putCounters(counters, in: transaction)
        if vector.has("last_commit") { try tables.putLastCommit(vector.number("last_commit"), in: transaction) }
    }

    private func insertEvent(
        _ vector: RecordVector, _ tables: Tables, in transaction: borrowing WriteTransaction
    ) throws {
        // The chunks belong to the second event.
        let number: UInt64 = vector.table == "chunks" || vector.name == "event in chunks" ? 2 : 1
        let id = EventID(high: 9, low: number)
        let record = Sample.recordBytes(
            id: id, payload: number == 2 ? Array(repeating: 65, count: 5_000) : Array("{}".utf8))
        _ = try record.withUnsafeBytes { bytes in
            try tables.insert(
                bytes, checksum: Tables.checksum(bytes), id: id, at: EventPosition(number), tenant: TenantNumber(1),
                acceptedAt: 1_700_000_000_000, in: transaction)
        }
    }

    private func writeBatch(
        _ vector: RecordVector, _ tables: Tables, in transaction: borrowing WriteTransaction
    ) throws {
        for position in vector.numbers("members") {
            let member = DeliveryID(position: EventPosition(UInt64(position)), endpoint: vector.endpoint)
            try tables.gather(GatheredEntry(delivery: member, since: 1, bytes: 10), in: transaction)
        }
        let made = try tables.formBatch(
            of: vector.endpoint, BatchRule(maxEvents: 9), id: vector.batch.id, now: 5, in: transaction)
        let leader = try #require(made).leader.delivery
        if vector.number("state") == 2 { try tables.close(vector.batch, ledBy: leader, in: transaction) }
    }

    // MARK: Reading

    private func expect(_ vector: RecordVector, _ store: StoreFixture, in snapshot: borrowing ReadTransaction) throws {
        let tables = store.tables
        switch vector.table {
        case "meta": try expectMeta(vector, try store.directory.recover())
        case "tenants":
            let row = try #require(try store.directory.recover().tenants.first)
            #expect(row.value == vector.tenant)
            expectSame(row, vector)
        case "keys":
            let row = try #require(try store.directory.recover().keys[vector.keyNumber])
            #expect(row.value == vector.apiKey)
            expectSame(row, vector)
        case "endpoints":
            let row = try #require(try store.directory.recover().endpoints.first)
            #expect(row.value == vector.endpointRow)
            expectSame(row, vector)
        case "events", "chunks":
            let reading = try tables.event(at: vector.position, in: snapshot)
            guard case .event(let event) = reading else {
                Issue.record("\(reading)")
                return
            }
            #expect(event.tenant == TenantNumber(1) && event.acceptedAt == 1_700_000_000_000)
            #expect(event.record.payload.count == (vector.position.value == 2 ? 5_000 : 2))
        case "ids":
            let known = try tables.find(EventID(high: 9, low: 1), of: TenantNumber(1), in: snapshot)
            #expect(known?.position == EventPosition(1))
        case "deliveries":
            let row = try tables.delivery(vector.delivery, in: snapshot)
            #expect(row == vector.deliveryRow)
        case "due", "parked":
            let (found, skipped) = try store.waiting(vector, in: snapshot)
            #expect(found == vector.pending && skipped == 0)
        case "attempts": try expectAttempt(vector, tables, in: snapshot)
        case "dead":
            let letter = try #require(try tables.deadLetters(limit: 9, in: snapshot).first)
            #expect(letter.delivery == vector.delivery && letter.at == vector.number("at"))
            #expect(Int64(letter.outcome.rawValue) == vector.number("outcome"))
            #expect(
                Int64(letter.status) == vector.number("status") && Int64(letter.attempts) == vector.number("attempts"))
        default: try expectGroup(vector, store, in: snapshot)
        }
    }

    private func expectGroup(
        _ vector: RecordVector, _ store: StoreFixture, in snapshot: borrowing ReadTransaction
    ) throws {
        let tables = store.tables
        switch vector.table {
        case "heads":
            let head = try tables.head(of: vector.sequence, in: snapshot)
            #expect(head == vector.position)
        case "holds":
            let pending = try tables.pendingCount(in: snapshot)
            #expect(pending.heldKeys == 1)
        case "behind":
            let hasBehind = try tables.hasBehind(vector.endpoint, in: snapshot)
            #expect(hasBehind)
        case "gathering":
            let entry = try tables.firstGathered(of: vector.endpoint, in: snapshot)
            #expect(
                entry
                    == GatheredEntry(
                        delivery: vector.delivery, since: vector.number("since"), bytes: Int(vector.number("bytes"))))
        case "batches":
            let leader = DeliveryID(position: vector.batch.members[0], endpoint: vector.endpoint)
            let batch = try tables.batch(ledBy: leader, in: snapshot)
            #expect(batch == (vector.number("state") == 1 ? vector.batch : nil))
        default: Issue.record("no reader for \(vector.table)")
        }
    }

    private func expectMeta(_ vector: RecordVector, _ state: RecoveredState) throws {
        if vector.has("next_position") { #expect(Int64(state.counters.nextPosition) == vector.number("next_position")) }
        if vector.has("next_tenant") { #expect(Int64(state.counters.nextTenant) == vector.number("next_tenant")) }
        if vector.has("next_endpoint") { #expect(Int64(state.counters.nextEndpoint) == vector.number("next_endpoint")) }
        if vector.has("next_api_key") { #expect(Int64(state.counters.nextAPIKey) == vector.number("next_api_key")) }
        if vector.has("last_commit") { #expect(state.lastCommitAt == vector.number("last_commit")) }
    }

    private func expectSame<Value>(_ row: Stored<Value>, _ vector: RecordVector) {
        #expect(row.origin == vector.origin && row.revision == UInt64(vector.number("revision")))
        #expect(row.createdAt == vector.number("created_at") && row.updatedAt == vector.number("updated_at"))
    }

    private func expectAttempt(
        _ vector: RecordVector, _ tables: Tables, in snapshot: borrowing ReadTransaction
    ) throws {
        let row = try #require(try tables.attempts(of: vector.delivery, in: snapshot).first)
        let report = vector.report
        #expect(row.outcome == report.outcome && row.trigger == report.trigger && row.status == report.status)
        #expect(row.startedAt == report.startedAt && row.phases == report.phases)
        #expect(row.reusedConnection == report.reusedConnection && row.address == report.address)
        #expect(row.excerpt == report.excerpt && row.headers == report.headers)
        #expect(row.nextAt == vector.number("next_at"))
    }
}

extension StoreFixture {
    func put(_ vectors: [RecordVector]) throws {
        for vector in vectors { try put(vector.table, vector.key, vector.value) }
    }

    func put(_ table: String, _ key: [UInt8], _ value: [UInt8]) throws {
        try write { transaction in
            let key = try #require(key.withUnsafeBytes { Key($0) })
            let database = try transaction.open(table)
            try value.withUnsafeBytes { try transaction.put(database, key, $0) }
        }
    }

    func raw(_ table: String, _ key: [UInt8]) throws -> [UInt8]? {
        let transaction = try directory.environment.beginWrite()
        let key = try #require(key.withUnsafeBytes { Key($0) })
        return try transaction.get(try transaction.open(table), key).map { Array($0) }
    }

    /// The one entry of `due`, or of `parked`, and the number of malformed ones.
    func waiting(
        _ vector: RecordVector, in snapshot: borrowing ReadTransaction
    ) throws -> (entry: PendingEntry?, skipped: Int) {
        var found: PendingEntry?
        let skipped: SkippedRows
        if vector.table == "due" {
            let zero = DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0))
            skipped = try tables.scanDue(
                from: PendingEntry(delivery: zero, dueAt: 0, attempts: 0), in: snapshot
            ) {
                found = $0
                return true
            }
        } else {
            skipped = try tables.scanParked(of: vector.endpoint, after: EventPosition(0), in: snapshot) {
                found = $0
                return true
            }
        }
        return (found, skipped.count)
    }
}
