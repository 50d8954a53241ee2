import WebhookModel

/// Checks that bytes are one JSON value (RFC 8259), so that they can be put inside another one.
///
/// Well-formed UTF-8, strict grammar, white space around it allowed. Values nested deeper than `Limits.jsonDepth` do
/// not count as JSON: receivers' parsers refuse them too.
package struct JSONForm {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    package static func isValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard UTF8Check.isValid(bytes) else { return false }
        var form = JSONForm(bytes: bytes)
        guard form.value(depth: 0) else { return false }
        form.skipSpaces()
        return form.place == bytes.count
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpaces() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func value(depth: Int) -> Bool {
        guard depth < Limits.jsonDepth else { return false }
        skipSpaces()
        switch next {
        case UInt8(ascii: "{"): return members(close: UInt8(ascii: "}"), depth: depth, named: true)
        case UInt8(ascii: "["): return members(close: UInt8(ascii: "]"), depth: depth, named: false)
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    /// The inside of an object or an array, from its opening bracket on.
    private mutating func members(close: UInt8, depth: Int, named: Bool) -> Bool {
        place += 1
        skipSpaces()
        if take(close) { return true }
        while true {
            if named {
                skipSpaces()
                guard string() else { return false }
                skipSpaces()
                guard take(UInt8(ascii: ":")) else { return false }
            }
            guard value(depth: depth + 1) else { return false }
            skipSpaces()
            if take(close) { return true }
            guard take(UInt8(ascii: ",")) else { return false }
        }
    }

    private mutating func string() -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        while let byte = next {
            place += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): guard escape() else { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let byte = next else { return false }
        place += 1
        switch byte {
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = next, HexDigits.value(digit) != nil else { return false }
                place += 1
            }
            return true
        default: return "\"\\/bfnrt".utf8.contains(byte)
        }
    }

    private mutating func word(_ text: StaticString) -> Bool {
        guard bytes[place...].starts(with: text.bytes) else { return false }
        place += text.utf8CodeUnitCount
        return true
    }

    /// `-`, whole part without leading zeros, fraction, exponent.
    private mutating func number() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")), !digits() { return false }
        if take(UInt8(ascii: ".")), !digits() { return false }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            return digits()
        }
        return true
    }

    private mutating func digits() -> Bool {
        let start = place
        while let byte = next, (0x30...0x39).contains(byte) { place += 1 }
        return place > start
    }
}
