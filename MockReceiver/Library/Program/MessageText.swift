/// A value in a message: in a header, or else in a member of its JSON body.
enum MessageText {
    static let typeHeader = Array("x-event-type".utf8)
    static let typeMember = Array("type".utf8)
    static let tenantHeader = Array("x-tenant".utf8)
    static let tenantMember = Array("tenant".utf8)

    /// The header's value, or else the body's member with that name.
    static func value(header: [UInt8], member: [UInt8], _ request: RequestView) -> UnsafeRawBufferPointer? {
        let written = request.value(of: header)
        return written.isEmpty ? JSONMember.value(of: member, in: request.body) : written
    }
}

/// Finds a member of a JSON object (RFC 8259) without parsing the whole text.
///
/// Escapes are not resolved: a name or value written with escapes does not match. A text that is not JSON gives
/// nothing.
enum JSONMember {
    /// The member's value: a string without its quotes, anything else as written, without spaces. nil: the text is not
    /// an object or has no such member.
    static func value(of name: [UInt8], in json: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var position = skipSpace(json, 0)
        guard position < json.count, json[position] == UInt8(ascii: "{") else { return nil }
        position = skipSpace(json, position + 1)
        while position < json.count, json[position] == UInt8(ascii: "\"") {
            guard let nameEnd = endOfString(json, position) else { return nil }
            let isIt = nameEnd - position - 2 == name.count && json[(position + 1)...].starts(with: name)
            position = skipSpace(json, nameEnd)
            guard position < json.count, json[position] == UInt8(ascii: ":") else { return nil }
            let start = skipSpace(json, position + 1)
            guard let end = endOfValue(json, start) else { return nil }
            if isIt { return text(json, start..<end) }
            position = skipSpace(json, end)
            guard position < json.count, json[position] == UInt8(ascii: ",") else { return nil }
            position = skipSpace(json, position + 1)
        }
        return nil
    }

    private static func text(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) -> UnsafeRawBufferPointer {
        let isString = json[range.lowerBound] == UInt8(ascii: "\"")
        let bare = isString ? range.lowerBound + 1..<range.upperBound - 1 : range
        return UnsafeRawBufferPointer(rebasing: json[bare])
    }

    private static func skipSpace(_ json: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var position = start
        while position < json.count {
            switch json[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return position
            }
        }
        return position
    }

    /// The position after the closing quote.
    private static func endOfString(_ json: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var position = start + 1
        while position < json.count {
            switch json[position] {
            case UInt8(ascii: "\\"): position += 2
            case UInt8(ascii: "\""): return position + 1
            default: position += 1
            }
        }
        return nil
    }

    /// The position after the value; brackets are only counted.
    private static func endOfValue(_ json: UnsafeRawBufferPointer, _ start: Int) -> Int? {
        var depth = 0
        var position = start
        while position < json.count {
            switch json[position] {
            case UInt8(ascii: "\""):
                guard let end = endOfString(json, position) else { return nil }
                position = end
                if depth == 0 { return end }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return position > start ? position : nil }
                depth -= 1
                if depth == 0 { return position + 1 }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return position > start ? position : nil }
            default: break
            }
            position += 1
        }
        return nil
    }
}
