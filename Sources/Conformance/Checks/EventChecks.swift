import WireProtocol

/// Protocol.md, 6: event records. Each bad one is sent between two good ones.
enum EventChecks {
    static let all = malformed + times + [good, largest, tooLarge, emptyRecord, unknownTenant, forbidden, disabled]

    private static let malformed = [
        one("zero-id", "an event id of zero") { $0.id = [UInt8](repeating: 0, count: 16) },
        one("no-tenant", "an empty tenant") { $0.tenant = [] },
        one("tenant-slash", "a slash in the tenant") { $0.tenant = Array("a/b".utf8) },
        one("tenant-long", "a tenant of 65 bytes") { $0.tenant = long(65) },
        one("tenant-not-utf8", "a tenant that is not UTF-8") { $0.tenant = notUTF8 },
        one("no-type", "an empty event type") { $0.type = [] },
        one("type-space", "a space in the event type") { $0.type = Array("a b".utf8) },
        one("type-long", "an event type of 129 bytes") { $0.type = long(129) },
        one("type-not-utf8", "an event type that is not UTF-8") { $0.type = notUTF8 },
        one("correlation-long", "a correlation id of 129 bytes") { $0.correlationID = long(129) },
        one("correlation-not-utf8", "a correlation id that is not UTF-8") { $0.correlationID = notUTF8 },
        one("ordering-key-long", "an ordering key of 129 bytes") { $0.orderingKey = long(129) },
        one("ordering-key-not-utf8", "an ordering key that is not UTF-8") { $0.orderingKey = notUTF8 },
        one("content-type-long", "a content type of 129 bytes") { $0.contentType = long(129) },
        one("content-type-control", "a line feed in the content type") { $0.contentType = Array("a\nb".utf8) },
        one("content-type-not-ascii", "a content type that is not ASCII") { $0.contentType = Array("é".utf8) },
        one("attributes-17", "17 attributes") { event in
            event.attributes = (0..<17).map { (Array("n\($0)".utf8), Array("v".utf8)) }
        },
        one("attribute-name-long", "an attribute's name of 257 bytes") { $0.attributes = [(long(257), [])] },
        one("attribute-value-long", "an attribute's value of 257 bytes") { $0.attributes = [(long(1), long(257))] },
        one("attribute-name-not-utf8", "an attribute's name that is not UTF-8") { $0.attributes = [(notUTF8, [])] },
        one("attribute-value-not-utf8", "an attribute's value that is not UTF-8") {
            $0.attributes = [(long(1), notUTF8)]
        },
        one("attributes-cut", "one attribute fewer than its count says") { event in
            event.attributes = [(long(1), long(1))]
            event.attributeCount = 2
        },
        one("payload-over", "a payload that extends past the record's end") { $0.payloadLength = 3 },
        one("payload-left-over", "a trailing byte after the payload") { $0.appended = [0] },
    ]

    private static let hour: Int64 = 3_600_000

    private static let times = [
        one("seconds", "a time in seconds", .badTime) { $0.occurredAt = 1_750_000_000 },
        one("microseconds", "a time in microseconds", .badTime) { $0.occurredAt = 1_750_000_000_000_000 },
        one("negative-time", "a negative time", .badTime) { $0.occurredAt = -1 },
        one("deliver-in-seconds", "a delivery time in seconds", .badTime) { $0.deliverAt = 1_750_000_000 },
        one("deliver-too-far", "a delivery time in the year 2199", .badTime) { $0.deliverAt = 7_240_000_000_000 },
    ]

    private static func long(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x61, count: count) }
    private static let notUTF8: [UInt8] = [0xC3, 0x28]

    /// A record with one fault, between two good ones.
    private static func one(
        _ id: String, _ what: String, _ status: ProtocolStatus = .malformed,
        _ spoil: @escaping @Sendable (inout RawEvent) -> Void
    ) -> Check {
        let clause = status == .badTime ? "6.5" : "6.1"
        return Check(
            "event-\(id)", [clause, "6.6"], "an event with \(what) is \(status), the other events are stored"
        ) {
            var event = $0.event()
            spoil(&event)
            try refuse(event, .status(status), clause, $0)
        }
    }

    private static func refuse(_ event: RawEvent, _ wanted: Wanted, _ clause: String, _ stage: Stage) throws {
        let peer = try stage.welcomed()
        peer.send(RawFrame.publish(5, [stage.event().bytes, event.bytes, stage.event().bytes]))
        try peer.expectAck(5, wanted, between: .stored, clause)
    }

    private static let good = Check(
        "event-full", ["6.9"], "an event with every field at its limit is stored"
    ) {
        let peer = try $0.welcomed()
        var event = $0.event()
        event.type = long(128)
        event.correlationID = long(128)
        event.orderingKey = Array(String(repeating: "é", count: 64).utf8)
        event.contentType = long(128)
        event.attributes = (0..<16).map { _ in (long(256), long(256)) }
        // 946,684,800,000 is 2000-01-01.
        event.occurredAt = 946_684_800_000
        event.payload = Array(0...255)
        var empty = $0.event()
        empty.payload = []
        peer.send(RawFrame.publish(5, [event.bytes, empty.bytes]))
        try peer.expectAck(5, [.stored, .stored], "6.9")
    }

    private static let largest = Check("event-largest", ["6.9"], "a payload of the announced size is stored") {
        let peer = try $0.welcomed()
        try peer.limits.requireAllowed(bytes: peer.limits.eventBytes)
        var event = $0.event()
        event.payload = [UInt8](repeating: 0x20, count: peer.limits.eventBytes)
        peer.send(RawFrame.publish(5, [event.bytes]))
        try peer.expectAck(5, [.stored], "6.9")
    }

    private static let tooLarge = Check(
        "event-too-large", ["6.4", "6.6"], "a payload of one byte more is TOO_LARGE, the other events are stored"
    ) {
        let peer = try $0.welcomed()
        try peer.limits.requireAllowed(bytes: peer.limits.eventBytes)
        var event = $0.event()
        event.payload = [UInt8](repeating: 0x20, count: peer.limits.eventBytes + 1)
        peer.send(RawFrame.publish(5, [$0.event().bytes, event.bytes, $0.event().bytes]))
        try peer.expectAck(5, .status(.tooLarge), between: .stored, "6.4")
    }

    private static let emptyRecord = Check(
        "event-empty-record", ["6.1", "6.6"], "a record of no bytes is MALFORMED, the other events are stored"
    ) {
        let peer = try $0.welcomed()
        peer.send(RawFrame.publish(5, [$0.event().bytes, [], $0.event().bytes]))
        try peer.expectAck(5, .status(.malformed), between: .stored, "6.1")
    }

    // MARK: Tenants

    private static let unknownTenant = Check(
        "event-unknown-tenant", ["6.7", "6.3", "6.6"],
        "an event of a tenant that does not exist is UNKNOWN_TENANT, or FORBIDDEN to a key with a list"
    ) {
        var event = $0.event()
        event.tenant = Array("no-such-tenant-\(UInt32.random(in: .min ... .max))".utf8)
        try refuse(event, .either(.unknownTenant, .forbidden), "6.7", $0)
    }

    private static let forbidden = Check(
        "event-forbidden-tenant", ["6.3", "6.6"], "an event of a tenant that the key does not allow is FORBIDDEN"
    ) {
        guard let tenant = $0.subject.forbiddenTenant else { throw SkippedCheck("it needs --forbidden-tenant") }
        var event = $0.event()
        event.tenant = Array(tenant.utf8)
        try refuse(event, .status(.forbidden), "6.3", $0)
    }

    private static let disabled = Check(
        "event-disabled-tenant", ["6.8", "6.6"], "an event of a disabled tenant is TENANT_DISABLED"
    ) {
        guard let tenant = $0.subject.disabledTenant else { throw SkippedCheck("it needs --disabled-tenant") }
        var event = $0.event()
        event.tenant = Array(tenant.utf8)
        try refuse(event, .status(.tenantDisabled), "6.8", $0)
    }
}
