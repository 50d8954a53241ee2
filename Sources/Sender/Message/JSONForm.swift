import WebhookModel

/// Whether bytes are one JSON value (RFC 8259), so that they may stand inside another one.
///
/// Well-formed UTF-8, strict grammar, any spaces around. Values nested deeper than 256 count as no JSON: receivers' parsers give up too.
package struct JSONForm {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    private static let mostDepth = 256

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
        guard depth < JSONForm.mostDepth else { return false }
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

    /// An object's or an array's inside, from its opening bracket on.
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
        let letters = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes[place...].starts(with: letters) else { return false }
        place += letters.count
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
