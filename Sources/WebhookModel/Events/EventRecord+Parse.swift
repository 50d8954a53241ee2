extension EventRecord {
    /// Reads a record and checks its form: lengths, UTF-8, limits, trailing bytes, zero id, times.
    ///
    /// - Parameters:
    ///   - bytes: the record without its own length field.
    ///   - payloadLimit: the largest payload in bytes.
    /// - Returns: the layout, or the class 0x03 refusal with a reason.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, payloadLimit: Int = Limits.payloadBytes
    ) -> Result<EventRecord, Refusal> {
        var record = EventRecord()
        do throws(Refusal) {
            var reader = try Reader(bytes)
            try record.readIdentity(&reader)
            try record.readTexts(&reader)
            try record.readAttributes(&reader)
            try record.readPayload(&reader, limit: payloadLimit)
            guard isPossible(record.occurredAt), isPossible(record.deliverAt) else { throw .badTime }
        } catch {
            return .failure(error)
        }
        return .success(record)
    }

    @inline(__always)
    private mutating func readIdentity(_ reader: inout Reader) throws(Refusal) {
        id = EventID(high: reader.uint64(), low: reader.uint64())
        occurredAt = Int64(bitPattern: reader.uint64())
        deliverAt = Int64(bitPattern: reader.uint64())
        guard !id.isZero else { throw .malformed("the event id is zero") }
    }

    @inline(__always)
    private mutating func readTexts(_ reader: inout Reader) throws(Refusal) {
        guard let tenant = reader.span(limit: Limits.tenantNameBytes), NameForm.isName(reader[tenant]) else {
            throw .malformed("the tenant is not 1…64 of [A-Za-z0-9_.-]")
        }
        self.tenant = tenant
        guard let type = reader.span(limit: Limits.eventTypeBytes), NameForm.isName(reader[type]) else {
            throw .malformed("the event type is not 1…128 of [A-Za-z0-9_.-]")
        }
        self.type = type
        guard let correlationID = reader.text(limit: Limits.shortTextBytes),
            let orderingKey = reader.text(limit: Limits.shortTextBytes)
        else { throw .malformed("the correlation id or the ordering key is cut off, over 128 bytes or not UTF-8") }
        self.correlationID = correlationID
        self.orderingKey = orderingKey
        guard let contentType = reader.span(limit: Limits.shortTextBytes),
            reader[contentType].allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { throw .malformed("the content type is cut off, over 128 bytes or not visible ASCII") }
        self.contentType = contentType
    }

    @inline(__always)
    private mutating func readAttributes(_ reader: inout Reader) throws(Refusal) {
        guard let count = reader.uint16(), Int(count) <= Limits.attributes else {
            throw .malformed("more than \(Limits.attributes) attributes")
        }
        attributeCount = count
        let first = reader.offset
        for _ in 0..<Int(count) * 2 {
            guard reader.text(limit: Limits.attributeBytes) != nil else {
                throw .malformed("an attribute is cut off, over 256 bytes or not UTF-8")
            }
        }
        attributes = Span(offset: first, count: reader.offset - first)
    }

    @inline(__always)
    private mutating func readPayload(_ reader: inout Reader, limit: Int) throws(Refusal) {
        guard let length = reader.uint32() else { throw .malformed("the record ends before its payload") }
        guard Int(length) <= limit else { throw .tooLarge }
        guard Int(length) == reader.remaining else {
            throw .malformed("the payload's length does not end where the record ends")
        }
        payload = Span(offset: reader.offset, count: Int(length))
    }

    /// Whether a time is absent or within the accepted years.
    @inline(__always)
    private static func isPossible(_ time: Int64) -> Bool {
        time == 0 || (time >= Limits.earliestTime && time <= Limits.latestTime)
    }
}

extension EventRecord {
    /// Reads fields from the front of a record. Every length is checked against the remaining bytes before it is used.
    private struct Reader {
        private let bytes: UnsafeRawBufferPointer
        private(set) var offset = 0

        init(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
            guard bytes.count >= fixedBytes else { throw .malformed("the record ends before its times") }
            self.bytes = bytes
        }

        var remaining: Int { bytes.count - offset }

        subscript(span: Span) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[span.range]) }

        /// Reads a fixed field; `init` has checked that it is there.
        mutating func uint64() -> UInt64 {
            defer { offset += 8 }
            return UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }

        mutating func uint16() -> UInt16? {
            guard remaining >= 2 else { return nil }
            defer { offset += 2 }
            return UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }

        mutating func uint32() -> UInt32? {
            guard remaining >= 4 else { return nil }
            defer { offset += 4 }
            return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }

        /// Reads a `str` of any bytes; nil: it is cut off or over the limit.
        mutating func span(limit: Int) -> Span? {
            guard let length = uint16(), Int(length) <= limit, remaining >= Int(length) else { return nil }
            defer { offset += Int(length) }
            return Span(offset: offset, count: Int(length))
        }

        /// Reads a `str`; nil: it is cut off, over the limit or not UTF-8.
        mutating func text(limit: Int) -> Span? {
            guard let span = span(limit: limit) else { return nil }
            return UTF8Check.isValid(self[span]) ? span : nil
        }
    }
}
