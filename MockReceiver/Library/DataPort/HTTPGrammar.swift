/// The elements of HTTP's grammar (RFC 9110 section 5, RFC 9112 sections 2 to 7) over raw bytes.
enum HTTPGrammar {
    enum Version { case current, old, other, none }

    static func requestLine(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(RequestRefusal) -> (method: Range<Int>, target: Range<Int>, version: Range<Int>) {
        var first = line.lowerBound
        while first < line.upperBound, isToken(bytes[first]) { first += 1 }
        var last = line.upperBound - 1
        while last > first, bytes[last] != 0x20 { last -= 1 }
        guard first < last else {
            throw .malformed("the request line is not METHOD target HTTP/1.1")
        }
        let method = line.lowerBound..<first
        guard !method.isEmpty, bytes[first] == 0x20 else { throw .malformed("the method is no token") }
        let target = first + 1..<last
        guard !target.isEmpty else { throw .malformed("the target is empty or holds more than visible ASCII") }
        for index in target where bytes[index] <= 0x20 || bytes[index] >= 0x7F {
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
        let start = bytes[target.lowerBound] == UInt8(ascii: "/") ? target.lowerBound : pathOfURL(bytes, target)
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "?") { end += 1 }
        guard start < end, bytes[start] == UInt8(ascii: "/") || bytes[start..<end].elementsEqual([UInt8(ascii: "*")])
        else { throw .malformed("the target has no path") }
        return start..<end
    }

    /// Where the path of an absolute-form target begins; for any other target its start.
    private static func pathOfURL(_ bytes: UnsafeRawBufferPointer, _ target: Range<Int>) -> Int {
        for scheme: StaticString in ["http://", "https://"] where target.count >= scheme.utf8CodeUnitCount {
            let end = target.lowerBound + scheme.utf8CodeUnitCount
            guard equal(bytes, target.lowerBound..<end, scheme) else { continue }
            return bytes[end..<target.upperBound].firstIndex(of: UInt8(ascii: "/")) ?? target.upperBound
        }
        return target.lowerBound
    }

    static func field(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
    ) throws(RequestRefusal) -> RequestParser.Field {
        // Every header of every request is processed here, so these are plain loops over bytes.
        var colon = line.lowerBound
        while colon < line.upperBound, isToken(bytes[colon]) { colon += 1 }
        guard colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else {
            let hasColon = bytes[line].contains(UInt8(ascii: ":"))
            throw .malformed(hasColon ? "a header's name is not a token" : "a header line has no colon")
        }
        guard colon > line.lowerBound else { throw .malformed("a header's name is not a token") }
        let value = trimmed(bytes, colon + 1..<line.upperBound)
        for index in value where bytes[index] < 0x20 && bytes[index] != 0x09 || bytes[index] == 0x7F {
            throw .malformed("a header's value holds a control character")
        }
        return RequestParser.Field(name: line.lowerBound..<colon, value: value)
    }

    /// Hexadecimal digits up to the first extension.
    static func chunkSize(_ bytes: UnsafeRawBufferPointer, _ line: Range<Int>) throws(RequestRefusal) -> Int {
        var size = 0
        var digits = 0
        for byte in bytes[line] {
            if byte == UInt8(ascii: ";") || isSpace(byte) { break }
            guard let digit = hexValue(byte), digits < 8 else { throw .malformed("a chunk's size is not a number") }
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
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, isSpace(bytes[start]) { start += 1 }
        while start < end, isSpace(bytes[end - 1]) { end -= 1 }
        return start..<end
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

    static func hexValue(_ byte: UInt8) -> Int? {
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
