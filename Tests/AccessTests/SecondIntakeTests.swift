import Access
import Testing
import WebhookModel
import WebhookSigning

/// An intake that is not the binary protocol, as a REST API or a broker's bridge would be: arrays of bytes in, batches for the
/// queue out. It imports neither NIO, nor WireProtocol, nor Ingest.
private final class SecondIntake: Sendable {
    enum Answer: Equatable {
        case refused(AccessRefusal)
        case decided([EventResult])
        /// The queue has it.
        case offered
    }

    private let access: AccessControl
    private let queue: IntakePort
    private let receipts = ReceiptPort { _ in }

    init(_ access: AccessControl, _ queue: IntakePort) {
        self.access = access
        self.queue = queue
    }

    /// One request: its key, and one record for each event.
    func publish(_ records: [[UInt8]], key: String, now: Int64 = 1, wallMilliseconds: Int64) -> Answer {
        let key = Array(key.utf8)
        guard let authentication = access.authenticate(key, nil) else {
            return .refused(AccessRefusal(shownKey: key, nil))
        }
        var gate = EventGate(
            authentication, directory: access.directory, rates: access.rates, payloadLimit: Limits.payloadBytes)
        if let refusal = gate.refusal(wallMilliseconds: wallMilliseconds) { return .refused(refusal) }
        var events = GatheredEvents()
        events.append(records, token: 7, through: &gate, wallMilliseconds: wallMilliseconds)
        if let bucket = gate.bucket { events.throttle(by: bucket, now: now) }
        let batch = events.takeBatch(source: self, receipts: receipts)
        guard batch.hasUndecided else { return .decided(batch.drafts.map(\.result)) }
        return queue.offer(batch) {} ? .offered : .decided(batch.drafts.map { _ in .busy })
    }
}

/// The queue's end: keeps the batches. Used by one thread.
private final class Kept: @unchecked Sendable {
    var batches: [EventBatch] = []
    var port: IntakePort {
        IntakePort { [self] batch, _ in
            batches.append(batch)
            return true
        }
    }
}

@Suite struct SecondIntakeTests {
    private static let time: Int64 = 1_750_000_000_000

    /// A record as its layout is documented at `EventRecord`.
    private static func record(
        _ id: UInt8, tenant: String = "acme", type: String = "order.placed", deliverAt: Int64 = 0,
        payload: String = "{}"
    ) -> [UInt8] {
        func integer(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }
        func text(_ text: String) -> [UInt8] { integer(UInt16(text.utf8.count)) + text.utf8 }
        return [UInt8](repeating: id, count: 16) + integer(Int64(0)) + integer(deliverAt) + text(tenant) + text(type)
            + text("") + text("") + text("") + integer(UInt16(0)) + integer(UInt32(payload.utf8.count)) + payload.utf8
    }

    private func intake(
        _ tenants: APIKey.Tenants = .all, change: (inout APIKey.Settings) -> Void = { _ in }
    ) -> (SecondIntake, Kept) {
        var settings = APIKey.Settings(digest: SHA256Digest.of("nt_key".utf8))
        change(&settings)
        let directory = TenantDirectory(
            tenants: [
                Tenant(number: TenantNumber(1), name: "acme"),
                Tenant(number: TenantNumber(2), name: "asleep", enabled: false),
            ], keys: [APIKey(name: "k", tenants: tenants, settings: settings)])
        let kept = Kept()
        return (SecondIntake(AccessControl { directory }, kept.port), kept)
    }

    @Test func `records become a batch that the queue can take`() throws {
        let (intake, kept) = intake()
        let records = [
            Self.record(1), [1, 2, 3], Self.record(2, tenant: "nobody"), Self.record(3, tenant: "asleep"),
            Self.record(4, deliverAt: Self.time + Limits.deliverAheadMilliseconds + 1),
            Self.record(5, payload: String(repeating: "x", count: Limits.payloadBytes + 1)), Self.record(6),
        ]
        #expect(intake.publish(records, key: "nt_key", wallMilliseconds: Self.time) == .offered)
        let batch = try #require(kept.batches.first)
        #expect(kept.batches.count == 1)
        #expect(
            batch.drafts.map(\.result) == [
                .undecided, .malformed, .unknownTenant, .tenantDisabled, .badTime, .tooLarge, .undecided,
            ])
        #expect(batch.groups.map(\.token) == [7] && batch.groups.map(\.count) == [7])
        #expect(batch.drafts.map { Array(batch.bytes[$0.span.range]) } == records)
        #expect(batch.drafts[0].tenant == TenantNumber(1) && batch.drafts[6].tenant == TenantNumber(1))
        #expect(batch.drafts[6].record.id == EventID(high: 0x0606_0606_0606_0606, low: 0x0606_0606_0606_0606))
    }

    @Test func `the same rules hold as for the binary protocol`() {
        let (narrow, kept) = intake(.only([TenantNumber(2)])) {
            $0.scopes = [.publish(.exact("order.placed"))]
            $0.expiresAt = Self.time + 1
        }
        let records = [
            Self.record(1), Self.record(2, tenant: "asleep", type: "refund"), Self.record(3, tenant: "asleep"),
        ]
        #expect(
            narrow.publish(records, key: "nt_key", wallMilliseconds: Self.time)
                == .decided([.forbidden, .forbidden, .tenantDisabled]))
        #expect(narrow.publish(records, key: "wrong", wallMilliseconds: Self.time) == .refused(.unknownKey))
        #expect(narrow.publish(records, key: "", wallMilliseconds: Self.time) == .refused(.nothingShown))
        #expect(narrow.publish(records, key: "nt_key", wallMilliseconds: Self.time + 1) == .refused(.expired))
        let (reader, _) = intake { $0.scopes = [.read] }
        #expect(reader.publish(records, key: "nt_key", wallMilliseconds: 0) == .refused(.missingScope(.publish)))
        #expect(kept.batches.isEmpty)
    }

    @Test func `a key has one rate over all requests`() {
        let (intake, kept) = intake { $0.rate = Rate(perSecond: 1, burst: 3) }
        let two = [Self.record(1), Self.record(2)]
        #expect(intake.publish(two, key: "nt_key", wallMilliseconds: Self.time) == .offered)
        #expect(intake.publish(two, key: "nt_key", wallMilliseconds: Self.time) == .offered)
        #expect(kept.batches.map { $0.drafts.map(\.result) } == [[.undecided, .undecided], [.undecided, .throttled]])
        #expect(kept.batches.last?.drafts[1].retryAfter == 1_000)
        #expect(intake.publish(two, key: "nt_key", wallMilliseconds: Self.time) == .decided([.throttled, .throttled]))
    }
}
