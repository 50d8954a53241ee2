import WebhookModel

/// A second reading of event records, written from Protocol.md alone, byte by byte: what `EventRecord.parse` is held
/// against.
enum PlainRecord {
    enum Verdict: Equatable {
        case good(EventRecord)
        case malformed, tooLarge, badTime
    }

    static func read(_ bytes: UnsafeRawBufferPointer, payloadLimit: Int) -> Verdict {
        guard bytes.count >= 32 else { return .malformed }
        var record = EventRecord()
        record.id = EventID(high: FrameBytes.number(bytes, 0, 8), low: FrameBytes.number(bytes, 8, 8))
        record.occurredAt = Int64(bitPattern: FrameBytes.number(bytes, 16, 8))
        record.deliverAt = Int64(bitPattern: FrameBytes.number(bytes, 24, 8))
        if record.id.high == 0, record.id.low == 0 { return .malformed }
        var next = 32

        func take(most: Int, least: Int = 0, _ holds: (Slice<UnsafeRawBufferPointer>) -> Bool) -> EventRecord.Span? {
            guard next + 2 <= bytes.count else { return nil }
            let count = Int(FrameBytes.number(bytes, next, 2))
            guard count >= least, count <= most, next + 2 + count <= bytes.count else { return nil }
            let span = EventRecord.Span(offset: next + 2, count: count)
            next += 2 + count
            return holds(bytes[span.range]) ? span : nil
        }
        guard let tenant = take(most: 64, least: 1, isName), let type = take(most: 128, least: 1, isName),
            let correlationID = take(most: 128, isUTF8), let orderingKey = take(most: 128, isUTF8),
            let contentType = take(most: 128, { $0.allSatisfy { 32...126 ~= $0 } })
        else { return .malformed }
        (record.tenant, record.type, record.contentType) = (tenant, type, contentType)
        (record.correlationID, record.orderingKey) = (correlationID, orderingKey)

        guard next + 2 <= bytes.count else { return .malformed }
        record.attributeCount = UInt16(FrameBytes.number(bytes, next, 2))
        guard record.attributeCount <= 16 else { return .malformed }
        next += 2
        let first = next
        for _ in 0..<record.attributeCount {
            guard take(most: 256, isUTF8) != nil, take(most: 256, isUTF8) != nil else { return .malformed }
        }
        record.attributes = EventRecord.Span(offset: first, count: next - first)

        guard next + 4 <= bytes.count else { return .malformed }
        let length = Int(FrameBytes.number(bytes, next, 4))
        if length > payloadLimit { return .tooLarge }
        guard next + 4 + length == bytes.count else { return .malformed }
        record.payload = EventRecord.Span(offset: next + 4, count: length)
        // From 2000 to 2200.
        for time in [record.occurredAt, record.deliverAt] where time != 0 {
            guard 946_684_800_000...7_258_118_400_000 ~= time else { return .badTime }
        }
        return .good(record)
    }

    private static func isName(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        text.allSatisfy { byte in
            let letter = UnicodeScalar(byte)
            return "A"..."Z" ~= letter || "a"..."z" ~= letter || "0"..."9" ~= letter || letter == "_" || letter == "."
                || letter == "-"
        }
    }

    /// Unicode 15, table 3-7, row by row.
    static func isUTF8(_ text: Slice<UnsafeRawBufferPointer>) -> Bool {
        var rest = text
        while let lead = rest.popFirst() {
            let second: ClosedRange<UInt8>
            let more: Int
            switch lead {
            case 0x00...0x7F: continue
            case 0xC2...0xDF: (second, more) = (0x80...0xBF, 0)
            case 0xE0: (second, more) = (0xA0...0xBF, 1)
            case 0xE1...0xEC, 0xEE...0xEF: (second, more) = (0x80...0xBF, 1)
            case 0xED: (second, more) = (0x80...0x9F, 1)
            case 0xF0: (second, more) = (0x90...0xBF, 2)
            case 0xF1...0xF3: (second, more) = (0x80...0xBF, 2)
            case 0xF4: (second, more) = (0x80...0x8F, 2)
            default: return false
            }
            guard let byte = rest.popFirst(), second ~= byte else { return false }
            for _ in 0..<more {
                guard let byte = rest.popFirst(), 0x80...0xBF ~= byte else { return false }
            }
        }
        return true
    }

    /// Holds both readings of these bytes against each other.
    static func compare(_ bytes: UnsafeRawBufferPointer, payloadLimit: Int) {
        let plain = read(bytes, payloadLimit: payloadLimit)
        switch EventRecord.parse(bytes, payloadLimit: payloadLimit) {
        case .success(let record): precondition(plain == .good(record), "parse took what the plain reading does not")
        case .failure(.malformed): precondition(plain == .malformed, "malformed, says parse alone")
        case .failure(.tooLarge): precondition(plain == .tooLarge, "too large, says parse alone")
        case .failure(.badTime): precondition(plain == .badTime, "bad time, says parse alone")
        }
    }
}
