package import WebhookModel

/// The body `envelope`: a JSON object around an event's payload, the same bytes at every attempt.
///
/// `{"id","type","tenant","timestamp","correlationId","version","actorId","data"}`, in this order, without spaces; with
/// `"data_base64"` for `"data"` where the payload is no JSON. The page of WebhookModel describes each field.
package struct Envelope {
    private let event: Event
    private let record: UnsafeRawBufferPointer
    private let tenantName: String

    /// - Parameter record: the event's bytes, borrowed for the envelope's life.
    package init(_ event: Event, _ record: UnsafeRawBufferPointer, tenantName: String) {
        self.event = event
        self.record = record
        self.tenantName = tenantName
    }

    /// The largest number of bytes that `write` may need.
    package var mostBytes: Int { event.record.envelopeBytesMost(tenantName: tenantName.utf8.count) }

    /// Writes it and returns its length.
    package func write(into output: UnsafeMutableRawBufferPointer) -> Int {
        var json = JSONWriter(output)
        json.raw("{\"id\":\"evt_")
        json.hex(event.id.high)
        json.hex(event.id.low)
        json.raw("\",\"type\":")
        json.text(span(event.record.type))
        json.raw(",\"tenant\":")
        var tenant = tenantName
        tenant.withUTF8 { json.text(UnsafeRawBufferPointer($0)) }
        json.raw(",\"timestamp\":\"")
        json.time(event.record.occurredAt == 0 ? event.acceptedAt : event.record.occurredAt)
        json.raw("\",\"correlationId\":")
        json.textOrNull(span(event.record.correlationID))
        json.raw(",\"version\":")
        json.textOrNull(attribute("version"))
        json.raw(",\"actorId\":")
        json.textOrNull(attribute("actorId"))
        writeData(&json)
        json.raw("}")
        return json.count
    }

    /// A JSON payload unchanged, and an empty one as null. Any other under a name of its own (CloudEvents 1.0, JSON format,
    /// 3.1.1): as a string of `data` it would look like a JSON text.
    private func writeData(_ json: inout JSONWriter) {
        let payload = span(event.record.payload)
        if payload.isEmpty {
            json.raw(",\"data\":null")
        } else if isJSON(span(event.record.contentType)), JSONForm.isValue(payload) {
            json.raw(",\"data\":")
            json.raw(payload)
        } else {
            json.raw(",\"data_base64\":")
            json.base64(payload)
        }
    }

    private func span(_ span: EventRecord.Span) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: record[span.range])
    }

    /// `application/json`, any type that ends in `+json` (RFC 6839), or none, which means the first.
    private func isJSON(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let essence = UnsafeRawBufferPointer(
            rebasing: contentType.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") })
        return essence.isEmpty || essence.equalsIgnoringCase("application/json")
            || UnsafeRawBufferPointer(rebasing: essence.suffix(5)).equalsIgnoringCase("+json")
    }

    /// The value of an attribute; empty if the event has none of that name. The record was validated when it came in.
    private func attribute(_ name: StaticString) -> UnsafeRawBufferPointer {
        var offset = Int(event.record.attributes.offset)
        func next() -> UnsafeRawBufferPointer {
            let count = Int(UInt16(bigEndian: record.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
            defer { offset += 2 + count }
            return UnsafeRawBufferPointer(rebasing: record[(offset + 2)..<(offset + 2 + count)])
        }
        for _ in 0..<event.record.attributeCount {
            let key = next()
            let value = next()
            if key.elementsEqual(name.bytes) { return value }
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }
}
