/// The pieces of HTTP's grammar (RFC 9110 section 5, RFC 9112 sections 2 to 7) over raw bytes.
enum HTTPGrammar {
    enum Version { case current, old, other, none }

    static func requestLine(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(RequestRefusal) -> (method: Range<Int>, target: Range<Int>, version: Range<Int>) {
        guard let first = bytes[line].firstIndex(of: 0x20),
            let last = bytes[line].lastIndex(of: 0x20), first < last
        else { throw .malformed("the request line is not METHOD target HTTP/1.1") }
        let method = line.lowerBound..<first
        guard !method.isEmpty, bytes[method].allSatisfy(isToken) else { throw .malformed("the method is no token") }
        let target = first + 1..<last
        guard !target.isEmpty, bytes[target].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .malformed("the target is empty or holds more than visible ASCII")
        }
        return (method, target, last + 1..<line.upperBound)
    }

    static func version(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Version {
        guard range.count == 8, equal(bytes, range.lowerBound..<range.lowerBound + 5, "http/"),
            isDigit(bytes[range.lowerBound + 5]), bytes[range.lowerBound + 6] == UInt8(ascii: "."),
            isDigit(bytes[range.lowerBound + 7])
        else { return .none }
        guard bytes[range.lowerBound + 5] == UInt8(ascii: "1") else { return .other }
        return bytes[range.lowerBound + 7] == UInt8(ascii: "0") ? .old : .current
    }

    /// The path of an origin-form or absolute-form target, without its query.
    static func path(_ bytes: UnsafeRawBufferPointer, _ target: Range<Int>) throws(RequestRefusal) -> Range<Int> {
        var start = target.lowerBound
        for scheme: StaticString in ["http://", "https://"] where target.count >= scheme.utf8CodeUnitCount {
            let end = target.lowerBound + scheme.utf8CodeUnitCount
            guard equal(bytes, target.lowerBound..<end, scheme) else { continue }
            start = bytes[end..<target.upperBound].firstIndex(of: UInt8(ascii: "/")) ?? target.upperBound
        }
        let end = bytes[start..<target.upperBound].firstIndex(of: UInt8(ascii: "?")) ?? target.upperBound
        guard start < end, bytes[start] == UInt8(ascii: "/") || bytes[start..<end].elementsEqual([UInt8(ascii: "*")])
        else { throw .malformed("the target has no path") }
        return start..<end
    }

    static func field(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(RequestRefusal) -> RequestParser.Field {
        guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")) else {
            throw .malformed("a header line has no colon")
        }
        let name = line.lowerBound..<colon
        guard !name.isEmpty, bytes[name].allSatisfy(isToken) else { throw .malformed("a header's name is no token") }
        let value = trimmed(bytes, colon + 1..<line.upperBound)
        guard bytes[value].allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw .malformed("a header's value holds a control character")
        }
        return RequestParser.Field(name: name, value: value)
    }

    /// Hexadecimal digits up to the first extension.
    static func chunkSize(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(RequestRefusal) -> Int {
        var size = 0
        var digits = 0
        for byte in bytes[line] {
            if byte == UInt8(ascii: ";") || isSpace(byte) { break }
            guard let digit = hexValue(byte), digits < 8 else { throw .malformed("a chunk's size is no number") }
            size = size << 4 | digit
            digits += 1
        }
        guard digits > 0 else { throw .malformed("a chunk has no size") }
        return size
    }

    /// One to fifteen digits; nil for anything else.
    static func decimal(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard (1...15).contains(range.count), bytes[range].allSatisfy(isDigit) else { return nil }
        return bytes[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// Whether a comma-separated list holds the word.
    static func lists(_ word: StaticString, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        var start = range.lowerBound
        while start <= range.upperBound {
            let end = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: ",")) ?? range.upperBound
            if equal(bytes, trimmed(bytes, start..<end), word) { return true }
            start = end + 1
        }
        return false
    }

    /// The range without spaces at its ends.
    private static func trimmed(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Range<Int> {
        var range = range
        while let first = bytes[range].first, isSpace(first) { range = range.lowerBound + 1..<range.upperBound }
        while let last = bytes[range].last, isSpace(last) { range = range.lowerBound..<range.upperBound - 1 }
        return range
    }

    /// Whether the bytes are this lower-case word, in any case of letters.
    static func equal(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ word: StaticString) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<range.count where lower(bytes[range.lowerBound + index]) != word.utf8Start[index] {
            return false
        }
        return true
    }

    static func equal(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ word: [UInt8]) -> Bool {
        guard range.count == word.count else { return false }
        for index in 0..<range.count where lower(bytes[range.lowerBound + index]) != word[index] { return false }
        return true
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func hexValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte - 0x30)
        case 0x61...0x66: Int(byte - 0x57)
        case 0x41...0x46: Int(byte - 0x37)
        default: nil
        }
    }

    /// Token characters (RFC 9110 section 5.6.2), as two words of 64 bits.
    private static func isToken(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        guard byte < 0x80 else { return false }
        return (byte < 0x40 ? low : high) >> UInt64(byte & 0x3F) & 1 == 1
    }
}
