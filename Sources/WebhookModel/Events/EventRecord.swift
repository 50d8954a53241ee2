/// Where the fields of an event record are in its bytes, and its only parser.
///
/// The record has the same bytes from the wire to the disk (Protocol.md, event record), so its layout belongs to the
/// model. All numbers are big-endian; `str` is u16 length + UTF-8. Offsets count from the first byte after the record's
/// own u32 length: id 16 · occurred at i64 · deliver at i64 · str tenant · str type · str correlation id · str ordering
/// key · str content type · u16 attributes × (str, str) · u32 payload length · payload.
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
    /// The attributes' bytes, without their count.
    public var attributes = Span(offset: 0, count: 0)
    public var payload = Span(offset: 0, count: 0)

    /// Bytes before the tenant: id and two times.
    public static let fixedBytes = 32

    /// Whether two records that have the same id are the same event: all bytes but those of the times (Protocol.md, 8.2). A
    /// producer that publishes again after a crash often stamps the event anew, and "in five seconds" is another time then.
    public static func haveSameContent(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
        guard one.count == other.count, one.count >= fixedBytes else { return false }
        return one[..<16].elementsEqual(other[..<16]) && one[fixedBytes...].elementsEqual(other[fixedBytes...])
    }

    /// A record without bytes, for a draft that was refused before its fields were known.
    public init() {}
}

extension EventRecord {
    /// The most bytes that its envelope can take: an escaped byte becomes six, base64 makes four of three.
    ///
    /// - Parameter tenantName: bytes of the tenant's name.
    public func envelopeBytesMost(tenantName: Int) -> Int {
        let texts = Int(type.count) + tenantName + Int(correlationID.count) + Int(attributes.count)
        return 256 + 6 * texts + Int(payload.count) / 3 * 4 + 8
    }

    /// Why a record is permanently refused.
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
}
