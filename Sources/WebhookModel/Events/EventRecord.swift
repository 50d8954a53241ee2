/// Where the fields of an event record lie in its bytes, and the one parser of them.
///
/// The record is the same from the wire to the disk (Protocol.md, event record), so its layout belongs to the model. All numbers
/// are big-endian; `str` is u16 length + UTF-8. Offsets count from the first byte after the record's own u32 length:
/// id 16 · occurred at i64 · deliver at i64 · str tenant · str type · str correlation id · str ordering key · str content type ·
/// u16 attributes × (str, str) · u32 payload length · payload.
public struct EventRecord: Sendable, Equatable {
    /// A run of bytes in the record.
    public struct Span: Sendable, Equatable {
        public var offset: UInt32
        public var count: UInt32
        @inlinable public init(offset: Int, count: Int) {
            self.offset = UInt32(truncatingIfNeeded: offset)
            self.count = UInt32(truncatingIfNeeded: count)
        }
        @inlinable public var range: Range<Int> { Int(offset)..<Int(offset) + Int(count) }
    }

    public var id = EventID(high: 0, low: 0)
    /// Unix milliseconds; 0 = when received.
    public var occurredAt: Int64 = 0
    /// Unix milliseconds; 0 = now.
    public var deliverAt: Int64 = 0
    public var tenant = Span(offset: 0, count: 0)
    public var type = Span(offset: 0, count: 0)
    public var correlationID = Span(offset: 0, count: 0)
    public var orderingKey = Span(offset: 0, count: 0)
    /// Empty means `application/json`.
    public var contentType = Span(offset: 0, count: 0)
    public var attributeCount: UInt16 = 0
    /// The attributes' bytes, their count not included.
    public var attributes = Span(offset: 0, count: 0)
    public var payload = Span(offset: 0, count: 0)

    /// Bytes before the tenant: id and two times.
    public static let fixedBytes = 32

    /// A record without bytes: stands in a draft that was refused before its fields were known.
    public init() {}
}

extension EventRecord {
    /// Reads a record and checks its form: lengths, UTF-8, limits, left-over bytes, zero id, times.
    ///
    /// - Parameters:
    ///   - bytes: the record without its own length field.
    ///   - payloadLimit: the largest payload in bytes.
    /// - Returns: the layout, or the class 0x03 refusal and what is wrong in words.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, payloadLimit: Int = Limits.payloadBytes
    ) -> Result<EventRecord, Refusal> {
        var reader = Reader(bytes: bytes)
        var record = EventRecord()
        guard bytes.count >= fixedBytes else { return .failure(.malformed("the record ends before its times")) }
        record.id = EventID(high: reader.uint64(), low: reader.uint64())
        record.occurredAt = Int64(bitPattern: reader.uint64())
        record.deliverAt = Int64(bitPattern: reader.uint64())
        guard !record.id.isZero else { return .failure(.malformed("the event id is zero")) }

        guard let tenant = reader.text(limit: Limits.tenantNameBytes), tenant.count > 0,
            Tenant.isValidName(bytes[tenant.range])
        else { return .failure(.malformed("the tenant is not 1…64 of [A-Za-z0-9_.-]")) }
        record.tenant = tenant
        guard let type = reader.text(limit: Limits.eventTypeBytes), isValidType(bytes[type.range]) else {
            return .failure(.malformed("the event type is not 1…128 of [A-Za-z0-9_.-]"))
        }
        record.type = type
        guard let correlationID = reader.text(limit: Limits.shortTextBytes),
            let orderingKey = reader.text(limit: Limits.shortTextBytes)
        else { return .failure(.malformed("the correlation id or the ordering key is cut off, over 128 bytes or not UTF-8")) }
        record.correlationID = correlationID
        record.orderingKey = orderingKey
        guard let contentType = reader.text(limit: Limits.shortTextBytes),
            bytes[contentType.range].allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { return .failure(.malformed("the content type is cut off, over 128 bytes or not visible ASCII")) }
        record.contentType = contentType

        guard let count = reader.uint16(), Int(count) <= Limits.attributes else {
            return .failure(.malformed("more than \(Limits.attributes) attributes"))
        }
        record.attributeCount = count
        let firstAttribute = reader.offset
        for _ in 0..<Int(count) * 2 {
            guard reader.text(limit: Limits.attributeBytes) != nil else {
                return .failure(.malformed("an attribute is cut off, over 256 bytes or not UTF-8"))
            }
        }
        record.attributes = Span(offset: firstAttribute, count: reader.offset - firstAttribute)

        guard let length = reader.uint32() else { return .failure(.malformed("the record ends before its payload")) }
        guard Int(length) <= payloadLimit else { return .failure(.tooLarge) }
        guard Int(length) == bytes.count - reader.offset else {
            return .failure(.malformed("the payload's length does not end where the record ends"))
        }
        record.payload = Span(offset: reader.offset, count: Int(length))
        for time in [record.occurredAt, record.deliverAt] where time != 0 {
            guard (Limits.earliestTime...Limits.latestTime).contains(time) else { return .failure(.badTime) }
        }
        return .success(record)
    }

    /// Why a record is refused for good.
    public enum Refusal: Error, Equatable, Sendable {
        case malformed(String)
        case tooLarge
        case badTime

        public var result: EventResult {
            switch self {
            case .malformed: .malformed
            case .tooLarge: .tooLarge
            case .badTime: .badTime
            }
        }
    }

    private static func isValidType(_ type: Slice<UnsafeRawBufferPointer>) -> Bool {
        !type.isEmpty
            && type.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2E, 0x2D: true
                default: false
                }
            }
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var offset = 0

        mutating func uint64() -> UInt64 {
            defer { offset += 8 }
            return UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }

        mutating func uint16() -> UInt16? {
            guard bytes.count - offset >= 2 else { return nil }
            defer { offset += 2 }
            return UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
        }

        mutating func uint32() -> UInt32? {
            guard bytes.count - offset >= 4 else { return nil }
            defer { offset += 4 }
            return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }

        /// A `str`; nil when it is cut off, over the limit or not UTF-8.
        mutating func text(limit: Int) -> Span? {
            guard let length = uint16(), Int(length) <= limit, bytes.count - offset >= Int(length) else { return nil }
            let span = Span(offset: offset, count: Int(length))
            offset += Int(length)
            let text = UnsafeRawBufferPointer(rebasing: bytes[span.range])
            return UTF8Check.isValid(text) ? span : nil
        }
    }
}

/// Well-formed UTF-8 (Unicode 15, table 3-7), fast for ASCII.
public enum UTF8Check {
    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if bytes.allSatisfy({ $0 < 0x80 }) { return true }
        return String(validating: bytes, as: UTF8.self) != nil
    }
}
