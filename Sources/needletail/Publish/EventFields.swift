import IngestClient
import NIOCore
import Settings
import WebhookModel
import WireProtocol

/// One line that says what is wrong with an event, and the remedy.
struct EventMistake: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The properties of an event: from flags, and from a line, which takes precedence.
struct EventFields {
    var id: String?
    var idempotencyKey: String?
    var tenant: String?
    var type: String?
    var occurredAt: String?
    var deliverAt: String?
    var orderingKey = ""
    var correlationID = ""
    var contentType = ""
    var attributes: [OutgoingEvent.Attribute] = []
    var payload: [UInt8]?

    /// Reads one line of NDJSON: an object whose members override these fields.
    func merging(line: ArraySlice<UInt8>) throws(EventMistake) -> EventFields {
        let members: [(name: String, value: ArraySlice<UInt8>)]
        do throws(JSONScanner.Mistake) { members = try JSONScanner.members(of: line) } catch {
            throw EventMistake(
                #"\#(error); expected one object per line, such as {"tenant":"acme","type":"order.placed","payload":{}}"#
            )
        }
        let names = members.map(\.name)
        try EventFields.checkUnique(names)
        for pair in [["payload", "payload_text"], ["id", "idempotency_key"]] where pair.allSatisfy(names.contains) {
            throw EventMistake("\"\(pair[0])\" and \"\(pair[1])\" exclude each other; remove one")
        }
        var fields = self
        for (name, value) in members { try fields.set(name, value) }
        return fields
    }

    /// Refuses names that occur twice: which of the values was meant is not known.
    private static func checkUnique(_ names: [String]) throws(EventMistake) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw EventMistake("\"\(name)\" is given twice; remove one")
        }
    }

    private mutating func set(_ name: String, _ value: ArraySlice<UInt8>) throws(EventMistake) {
        switch name {
        case "payload": payload = Array(value)
        case "payload_text": payload = Array(try text(name, value).utf8)
        case "attributes":
            let members: [(name: String, value: ArraySlice<UInt8>)]
            do throws(JSONScanner.Mistake) { members = try JSONScanner.members(of: value) } catch {
                throw EventMistake(#""attributes" must be an object of strings: {"schema":"2"} (\#(error.reason))"#)
            }
            do throws(EventMistake) { try EventFields.checkUnique(members.map(\.name)) } catch {
                throw EventMistake("\"attributes\": \(error)")
            }
            for (name, value) in members {
                guard let text = try EventFields.text(value, of: "\"attributes\": the value of \"\(name)\"") else {
                    throw EventMistake("\"attributes\": the value of \"\(name)\" must be a string in quotes")
                }
                attributes.append(OutgoingEvent.Attribute(name: name, value: text))
            }
        case "occurred_at": occurredAt = try time(name, value)
        case "deliver_at": deliverAt = try time(name, value)
        case "id": (id, idempotencyKey) = (try text(name, value), nil)
        case "idempotency_key": (id, idempotencyKey) = (nil, try text(name, value))
        case "tenant": tenant = try text(name, value)
        case "type": type = try text(name, value)
        case "ordering_key": orderingKey = try text(name, value)
        case "correlation_id": correlationID = try text(name, value)
        case "content_type": contentType = try text(name, value)
        default:
            throw EventMistake(
                "\"\(name)\" is unknown; known are tenant, type, payload, payload_text, id, idempotency_key, "
                    + "occurred_at, deliver_at, ordering_key, correlation_id, content_type and attributes")
        }
    }

    private func text(_ name: String, _ value: ArraySlice<UInt8>) throws(EventMistake) -> String {
        guard let text = try EventFields.text(value, of: "\"\(name)\"") else {
            throw EventMistake("\"\(name)\" must be a string in quotes")
        }
        return text
    }

    /// The text of a string; nil: it is no string.
    private static func text(_ value: ArraySlice<UInt8>, of field: String) throws(EventMistake) -> String? {
        do throws(JSONScanner.Mistake) { return try JSONScanner.text(value) } catch {
            throw EventMistake("\(field): \(error.reason); expected Unicode text")
        }
    }

    /// A string, or a bare number.
    private func time(_ name: String, _ value: ArraySlice<UInt8>) throws(EventMistake) -> String {
        try EventFields.text(value, of: "\"\(name)\"") ?? String(decoding: value, as: UTF8.self)
    }

    /// The event, checked by the server's rules.
    ///
    /// - Parameter now: Unix milliseconds.
    func event(now: Int64) throws(EventMistake) -> OutgoingEvent {
        guard let tenant else { throw EventMistake(#"no tenant: add "tenant", or set --tenant for all"#) }
        guard let type else { throw EventMistake(#"no type: add "type", or set --type for all"#) }
        for (name, value, most) in [("tenant", tenant, Limits.tenantNameBytes), ("type", type, Limits.eventTypeBytes)]
        where value.isEmpty {
            throw EventMistake("\"\(name)\" is empty; expected 1 to \(most) of A-Z a-z 0-9 _ . -")
        }
        guard let payload else { throw EventMistake(#"no payload: add "payload", any JSON value"#) }
        var event = OutgoingEvent(id: try eventID(tenant: tenant), tenant: tenant, type: type, payload: payload)
        event.occurredAt = try moment(occurredAt, "occurred_at", now)
        event.deliverAt = try moment(deliverAt, "deliver_at", now)
        event.orderingKey = orderingKey
        event.correlationID = correlationID
        event.contentType = contentType
        event.attributes = attributes
        try check(event)
        return event
    }

    private func eventID(tenant: String) throws(EventMistake) -> EventID {
        if let idempotencyKey { return EventID(tenant: tenant, idempotencyKey: idempotencyKey) }
        guard let id else { return EventID.timeOrdered() }
        let digits = id.hasPrefix("evt_") ? Array(id.utf8) : Array("evt_".utf8) + id.utf8.filter { $0 != 0x2D }
        guard let read = EventID(webhookID: digits), !read.isZero else {
            throw EventMistake("invalid id \"\(id)\"; expected evt_ and 32 hex digits, or a UUID")
        }
        return read
    }

    private func moment(_ text: String?, _ name: String, _ now: Int64) throws(EventMistake) -> Int64 {
        guard let text else { return 0 }
        if name == "deliver_at", text.hasPrefix("-"), PointInTime.read("+" + text.dropFirst(), now: now) != nil {
            throw EventMistake("\(name): \"\(text)\" is before now; expected a time from now on, such as +90s")
        }
        guard let time = PointInTime.read(text, now: now) else {
            throw EventMistake(
                "\(name): invalid value \"\(text)\"; expected 2026-01-31T12:00:00Z, +90s, or Unix milliseconds")
        }
        return time
    }

    private func check(_ event: OutgoingEvent) throws(EventMistake) {
        // What the record's length fields can hold; the parser below checks the exact limits.
        let texts = [event.tenant, event.type, event.orderingKey, event.correlationID, event.contentType]
        let attributes = event.attributes.flatMap { [$0.name, $0.value] }
        guard (texts + attributes).allSatisfy({ $0.utf8.count <= Int(UInt16.max) }),
            event.attributes.count <= Limits.attributes
        else { throw EventMistake("a text over 65,535 bytes, or more than \(Limits.attributes) attributes") }
        var buffer = ByteBuffer()
        event.encode(to: &buffer)
        switch buffer.withUnsafeReadableBytes({ EventRecord.parse($0, payloadLimit: .max) }) {
        case .success: return
        case .failure(.malformed(let reason)): throw EventMistake(reason)
        case .failure(.badTime): throw EventMistake("a time is before 2000 or after 2200; numbers are milliseconds")
        case .failure(.tooLarge): throw EventMistake("the payload is too large")
        }
    }
}
