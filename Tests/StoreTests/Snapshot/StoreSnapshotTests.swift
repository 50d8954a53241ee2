import Glibc
import LMDB
import Store
import Synchronization
import TestSupport
import Testing
import WebhookModel

@Suite struct StoreSnapshotTests {
    private func delivery(_ position: UInt64, _ endpoint: UInt32 = 1) -> DeliveryID {
        DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
    }

    /// Events of tenants 1 and 2 in turn, each with two deliveries and a dead letter at endpoint 2.
    private func store(_ count: UInt64 = 30) throws -> StoreFixture {
        let store = try StoreFixture()
        try store.write { transaction in
            for position in 1...count {
                let id = EventID(high: 9, low: position)
                let record = Sample.recordBytes(id: id, type: position % 3 == 0 ? "order.paid" : "order.made")
                _ = try record.withUnsafeBytes { bytes in
                    try store.tables.insert(
                        bytes, checksum: Tables.checksum(bytes), id: id, at: EventPosition(position),
                        tenant: TenantNumber(position % 2 == 0 ? 2 : 1), acceptedAt: Int64(position) * 10,
                        in: transaction)
                }
                try store.tables.schedule(delivery(position, 1), dueAt: 1_000, in: transaction)
                try store.tables.update(
                    delivery(position, 2), DeliveryRow(state: .deadLettered, attempts: 3, dueAt: 0), in: transaction)
                try store.tables.putDeadLetter(
                    delivery(position, 2), at: Int64(position), outcome: .timedOut, status: 0, attempts: 3,
                    in: transaction)
            }
        }
        return store
    }

    /// All rows of a list, page after page, and the number of pages.
    private func all<Row>(
        limit: Int, scanned: Int = 10_000, _ page: (PageRequest) throws -> Page<Row>
    ) throws -> (rows: [Row], pages: Int) {
        var request = PageRequest(limit: limit, scanned: scanned)
        var (rows, pages): ([Row], Int) = ([], 0)
        while true {
            let page = try page(request)
            rows += page.rows
            pages += 1
            guard let next = page.next else { return (rows, pages) }
            // The cursor goes out as text and comes back.
            let read = PageCursor(next.description)
            try #require(read == next && pages < 1_000)
            request.after = read
        }
    }

    @Test(arguments: [1, 7, 30, 31, 200])
    func `events come newest first, in pages of any size`(limit: Int) throws {
        let store = try store()
        let (rows, pages) = try all(limit: limit) { request in
            try store.directory.snapshot { snapshot in try snapshot.events(EventQuery(), request) }
        }
        #expect(rows.map(\.position.value) == Array((1...30).reversed()))
        #expect(rows.allSatisfy { $0.event?.position == $0.position })
        // The last page knows that it is the last.
        #expect(pages == (30 + limit - 1) / limit)
    }

    @Test func `a filter over a bounded scan gives short and empty pages, and misses nothing`() throws {
        let store = try store()
        let query = EventQuery(tenants: [TenantNumber(2)], since: 40, until: 90)
        let (rows, pages) = try all(limit: 5, scanned: 3) { request in
            try store.directory.snapshot { snapshot in try snapshot.events(query, request) }
        }
        #expect(rows.map(\.position.value) == [8, 6, 4])
        // Only what lies between the times is looked at: five rows.
        #expect(pages == 2)
        let (none, empty) = try all(limit: 5, scanned: 3) { request in
            try store.directory.snapshot { snapshot in
                try snapshot.events(EventQuery(tenants: [TenantNumber(9)]), request)
            }
        }
        #expect(none.isEmpty && empty == 10)
    }

    @Test func `a list stays right while rows are written and removed`() throws {
        let store = try store(20)
        var seen: [UInt64] = []
        var request = PageRequest(limit: 5)
        var next: UInt64 = 21
        repeat {
            let page = try store.directory.snapshot { snapshot in try snapshot.events(EventQuery(), request) }
            seen += page.rows.map(\.position.value)
            request.after = page.next
            _ = try store.store(next)
            next += 1
            // The row that the cursor names goes.
            if let last = page.rows.last {
                try store.write { transaction in
                    try transaction.delete(try transaction.open("events"), Key(last.position.value))
                }
            }
        } while request.after != nil
        #expect(seen == Array((1...20).reversed()))
    }

    @Test func `deliveries, attempts and dead letters`() throws {
        let store = try store()
        var report = AttemptReport(
            delivery: delivery(3, 1), entry: .due(1), attempt: 1, trigger: .schedule, outcome: .refusedStatus,
            status: 500, startedAt: 99, phases: AttemptPhases(), reusedConnection: true, address: "192.0.2.1",
            heldBytes: 0)
        try store.write { transaction in
            for attempt in 1...4 as ClosedRange<UInt16> {
                report.attempt = attempt
                try store.tables.record(report, nextAt: 0, in: transaction)
            }
        }
        try store.directory.snapshot { snapshot in
            let deliveries = try snapshot.deliveries(of: EventPosition(3))
            #expect(deliveries.rows.map(\.id) == [delivery(3, 1), delivery(3, 2)] && deliveries.next == nil)
            #expect(deliveries.rows.map { $0.row?.state } == [.scheduled, .deadLettered])
            let attempts = try snapshot.attempts(of: delivery(3, 1), PageRequest(limit: 3))
            #expect(attempts.rows.map(\.attempt) == [1, 2, 3])
            let rest = try snapshot.attempts(of: delivery(3, 1), PageRequest(limit: 3, after: attempts.next))
            #expect(rest.rows.map(\.attempt) == [4] && rest.next == nil)
            let row = try snapshot.delivery(delivery(3, 2))
            let none = try snapshot.delivery(delivery(99))
            #expect(row?.attempts == 3 && none == nil)
            let counts = try snapshot.pendingCount()
            let byEndpoint = try snapshot.pendingByEndpoint()
            #expect(counts.due == 30 && byEndpoint == [EndpointNumber(1): 30])
        }
    }

    @Test func `dead letters by endpoint, time, type and name`() throws {
        let store = try store()
        func search(_ change: (inout DeadLetterQuery) -> Void, limit: Int = 4) throws -> [UInt64] {
            var query = DeadLetterQuery()
            change(&query)
            return try all(limit: limit) { request in
                try store.directory.snapshot { snapshot in try snapshot.deadLetters(query, request) }
            }.rows.map(\.delivery.position.value)
        }
        #expect(try search { _ in } == Array((1...30).reversed()))
        #expect(try search { $0.endpoints = [EndpointNumber(1)] } == [])
        #expect(try search { ($0.since, $0.until) = (10, 14) } == [13, 12, 11, 10])
        #expect(
            try search { $0.types = Subscription([.exact("order.paid")]) } == [30, 27, 24, 21, 18, 15, 12, 9, 6, 3])
        #expect(try search { $0.deliveries = Set((3...9).map { delivery($0, 2) }) } == [9, 8, 7, 6, 5, 4, 3])
        #expect(try search { $0.events = Set((3...9).map { EventID(high: 9, low: $0) }) } == [9, 8, 7, 6, 5, 4, 3])
    }

    @Test func `tenants, keys and endpoints, the newest first`() throws {
        let store = try StoreFixture()
        try store.write { transaction in
            for number in 1...5 as ClosedRange<UInt32> {
                let tenant = Tenant(number: TenantNumber(number), name: "t\(number)", enabled: true)
                try store.tables.put(Stored(tenant, origin: .api, revision: 1), in: transaction)
                let endpoint = EndpointRow(
                    number: EndpointNumber(number), tenant: TenantNumber(number % 2), name: "e\(number)",
                    settings: Endpoint.Settings(url: "https://a.example/", secrets: []))
                try store.tables.put(Stored(endpoint, origin: .api), in: transaction)
                let key = APIKey(
                    name: "k\(number)", tenants: .all, settings: APIKey.Settings(digest: Array(repeating: 7, count: 32))
                )
                try store.tables.put(Stored(key, origin: .api), number: number, in: transaction)
            }
        }
        try store.directory.snapshot { snapshot in
            let tenants = try snapshot.tenants(PageRequest(limit: 3))
            #expect(tenants.rows.map(\.value.name) == ["t5", "t4", "t3"])
            let rest = try snapshot.tenants(PageRequest(limit: 3, after: tenants.next))
            #expect(rest.rows.map(\.value.name) == ["t2", "t1"] && rest.next == nil)
            let odd = try snapshot.endpoints(of: TenantNumber(1), PageRequest(limit: 2))
            #expect(odd.rows.map(\.value.name) == ["e5", "e3"])
            let keys = try snapshot.keys()
            #expect(keys.rows.map(\.number) == [5, 4, 3, 2, 1])
            let (tenant, none) = (try snapshot.tenant(TenantNumber(2)), try snapshot.tenant(TenantNumber(9)))
            #expect(tenant?.revision == 1 && none == nil)
            let (endpoint, key) = (try snapshot.endpoint(EndpointNumber(2)), try snapshot.key(2))
            #expect(endpoint?.value.name == "e2" && key?.value.name == "k2")
        }
    }

    @Test func `a cursor of another list, or of another endpoint, is refused`() throws {
        let store = try store()
        try store.directory.snapshot { snapshot in
            let events = try snapshot.events(EventQuery(), PageRequest(limit: 1))
            #expect(throws: StoreReadError.invalidCursor) {
                _ = try snapshot.deadLetters(DeadLetterQuery(), PageRequest(after: events.next))
            }
            let deliveries = try snapshot.deliveries(of: EventPosition(3), PageRequest(limit: 1))
            #expect(throws: StoreReadError.invalidCursor) {
                _ = try snapshot.deliveries(of: EventPosition(4), PageRequest(after: deliveries.next))
            }
        }
        for text in ["", "0", "zz", "ff00", String(repeating: "00", count: 40)] { #expect(PageCursor(text) == nil) }
    }

    @Test func `a malformed row is left out and counted`() throws {
        let store = try store(3)
        try store.write { transaction in
            let bytes: [UInt8] = [1, 2, 3]
            try bytes.withUnsafeBytes {
                try transaction.put(try transaction.open("tenants"), Key(UInt64(1)), $0)
                try transaction.put(try transaction.open("events"), Key(UInt64(4)), $0)
            }
        }
        try store.directory.snapshot { snapshot in
            let tenants = try snapshot.tenants()
            #expect(tenants.rows.isEmpty && tenants.skipped.count == 1 && tenants.next == nil)
            let events = try snapshot.events()
            #expect(events.rows.count == 3 && events.skipped.first?.table == "events")
        }
    }

    @Test func `a damaged event is listed without its record`() throws {
        let store = try StoreFixture()
        for position in 1...60 as ClosedRange<UInt64> { _ = try store.store(position, payload: 700) }
        let record = Sample.recordBytes(id: EventID(high: 9, low: 30), payload: Array(repeating: 65, count: 700))
        try #require(try DamagedPages.flip(run: record, in: store.folder.path + "/data/data.mdb") > 0)
        let page = try store.directory.snapshot { snapshot in try snapshot.events(EventQuery(), PageRequest(limit: 60))
        }
        #expect(page.rows.count == 60 && page.rows.filter { $0.event == nil }.map(\.position.value) == [30])
    }

    @Test func `an error of LMDB becomes an error of the snapshot`() throws {
        let store = try store(3)
        for (code, expected) in [(CInt(-30_796), true), (EIO, false)] {
            store.faults.failAll(.read, with: code)
            let error = #expect(throws: StoreReadError.self) {
                try store.directory.snapshot { snapshot throws(StoreReadError) in _ = try snapshot.events() }
            }
            switch error {
            case .damaged: #expect(expected)
            case .unavailable: #expect(!expected)
            default: Issue.record("\(String(describing: error))")
            }
            store.faults.failAll(.read, with: nil)
        }
        store.faults.endProcess(.before, commit: store.faults.commitCount)
        #expect(throws: LMDBError.processEnded) { try store.write { _ in } }
        #expect(throws: StoreReadError.self) {
            try store.directory.snapshot { snapshot throws(StoreReadError) in try snapshot.pendingCount() }
        }
    }

    @Test func `several threads read consistent states while one writes`() throws {
        let store = try store(10)
        let directory = store.directory!
        let counts = Counts()
        var threads: [pthread_t] = []
        for _ in 0..<4 {
            let work: @Sendable () -> Void = {
                repeat {
                    let isConsistent = try? directory.snapshot { snapshot throws(StoreReadError) in
                        // Each commit adds an event and its delivery: in every snapshot there are as many of each.
                        var (count, request) = (0, PageRequest(limit: 3))
                        repeat {
                            let page = try snapshot.events(EventQuery(), request)
                            count += page.rows.count
                            request.after = page.next
                        } while request.after != nil
                        return try snapshot.pendingCount().due == count
                    }
                    counts.reads.add(1, ordering: .relaxed)
                    if isConsistent != true { counts.wrong.add(1, ordering: .relaxed) }
                } while !counts.isOver.load(ordering: .relaxed)
            }
            threads.append(Self.start(work))
        }
        for position in 11...200 as ClosedRange<UInt64> { _ = try store.store(position) }
        counts.isOver.store(true, ordering: .relaxed)
        for thread in threads { pthread_join(thread, nil) }
        #expect(counts.wrong.load(ordering: .relaxed) == 0)
        #expect(counts.reads.load(ordering: .relaxed) >= 4)
    }

    private final class Counts: Sendable {
        let reads = Atomic(0)
        let wrong = Atomic(0)
        let isOver = Atomic(false)
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t {
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body)).toOpaque()
        pthread_create(
            &thread, nil,
            {
                Unmanaged<Work>.fromOpaque($0!).takeRetainedValue().body()
                return nil
            }, work)
        return thread
    }
}
