import WebhookModel

/// Reads a JSON text (RFC 8259) in place and checks its grammar. It returns the bytes of values unchanged, which a
/// parser that builds objects cannot do.
package struct JSONScanner {
    /// What is wrong, and at which byte, counted from 1.
    package struct Mistake: Error, Equatable, CustomStringConvertible {
        package let reason: String
        package let column: Int
        package var description: String { "\(reason), at byte \(column)" }
    }

    private let bytes: ArraySlice<UInt8>
    private var index: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    /// The members of an object that is the whole text, in order: names decoded, values unchanged.
    package static func members(of bytes: ArraySlice<UInt8>) throws(Mistake) -> [(
        name: String, value: ArraySlice<UInt8>
    )] {
        var scanner = JSONScanner(bytes)
        scanner.skipSpace()
        guard scanner.peek == UInt8(ascii: "{") else { throw scanner.mistake("this is not a JSON object") }
        let members = try scanner.object(depth: 0, decodesNames: true)
        try scanner.end()
        return members
    }

    /// Checks that the bytes are one JSON value and nothing else.
    package static func check(_ bytes: ArraySlice<UInt8>) throws(Mistake) {
        var scanner = JSONScanner(bytes)
        scanner.skipSpace()
        try scanner.value(depth: 0)
        try scanner.end()
    }

    /// The text of a value that is a string. nil: it is not a string.
    ///
    /// - Throws: the string contains half a surrogate pair. JSON can write that, no text can contain it.
    package static func text(_ value: ArraySlice<UInt8>) throws(Mistake) -> String? {
        var scanner = JSONScanner(value)
        guard scanner.peek == UInt8(ascii: "\"") else { return nil }
        return try scanner.string()
    }

    // MARK: Grammar

    private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    private func mistake(_ reason: String) -> Mistake {
        Mistake(reason: reason, column: index - bytes.startIndex + 1)
    }

    private mutating func skipSpace() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 }
    }

    private mutating func end() throws(Mistake) {
        skipSpace()
        guard peek == nil else { throw mistake("something follows the value") }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Mistake(reason: "the text is not UTF-8", column: 1)
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(Mistake) {
        guard take(byte) else { throw mistake("\"\(Character(UnicodeScalar(byte)))\" is missing") }
    }

    private mutating func value(depth: Int) throws(Mistake) {
        guard depth < Limits.publishJSONDepth else { throw mistake("deeper than \(Limits.publishJSONDepth) levels") }
        switch peek {
        case UInt8(ascii: "{"): _ = try object(depth: depth, decodesNames: false)
        case UInt8(ascii: "["): try array(depth: depth)
        // Its grammar only. The bytes are passed on as they are, and RFC 8259, 7, allows any escape of four digits.
        case UInt8(ascii: "\""): try passString()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        default: try number()
        }
    }

    /// - Parameter decodesNames: the names are ours. In a payload they are passed on like everything else.
    private mutating func object(
        depth: Int, decodesNames: Bool
    ) throws(Mistake) -> [(name: String, value: ArraySlice<UInt8>)] {
        var members: [(name: String, value: ArraySlice<UInt8>)] = []
        try expect(UInt8(ascii: "{"))
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        repeat {
            skipSpace()
            let nameStart = index
            try passString()
            let name = decodesNames ? try JSONScanner.text(bytes[nameStart..<index]) ?? "" : ""
            skipSpace()
            try expect(UInt8(ascii: ":"))
            skipSpace()
            let start = index
            try value(depth: depth + 1)
            members.append((name, bytes[start..<index]))
            skipSpace()
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
        return members
    }

    private mutating func array(depth: Int) throws(Mistake) {
        try expect(UInt8(ascii: "["))
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        repeat {
            skipSpace()
            try value(depth: depth + 1)
            skipSpace()
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    private mutating func word(_ word: String) throws(Mistake) {
        for byte in word.utf8 {
            guard take(byte) else { throw mistake("this is not a JSON value") }
        }
    }

    private mutating func number() throws(Mistake) {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
    }

    private mutating func digits() throws(Mistake) {
        let start = index
        while let byte = peek, (0x30...0x39).contains(byte) { index += 1 }
        guard index > start else { throw mistake("this is not a JSON value") }
    }

    // MARK: Strings

    private mutating func string() throws(Mistake) -> String {
        try expect(UInt8(ascii: "\""))
        var text: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case ..<0x20: throw mistake("a string contains a control character")
            default: text.append(byte)
            }
        }
        throw mistake("a string does not end")
    }

    /// Goes over a string without decoding it.
    private mutating func passString() throws(Mistake) {
        try expect(UInt8(ascii: "\""))
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"):
                guard let kind = peek else { throw mistake("a string does not end") }
                index += 1
                if kind == UInt8(ascii: "u") {
                    _ = try hexDigits()
                } else if JSONScanner.simpleEscapes[kind] == nil {
                    throw mistake("an unknown escape in a string")
                }
            case ..<0x20: throw mistake("a string contains a control character")
            default: break
            }
        }
        throw mistake("a string does not end")
    }

    private static let simpleEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
    ]

    private mutating func escape(into text: inout [UInt8]) throws(Mistake) {
        guard let kind = peek else { throw mistake("a string does not end") }
        index += 1
        if let simple = JSONScanner.simpleEscapes[kind] { return text.append(simple) }
        guard kind == UInt8(ascii: "u") else { throw mistake("an unknown escape in a string") }
        var code = UInt32(try hexDigits())
        // RFC 8259, 7: beyond the basic plane two escapes make one character.
        if (0xD800...0xDBFF).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = UInt32(try hexDigits())
            if (0xDC00...0xDFFF).contains(low) { code = 0x1_0000 + (code - 0xD800) << 10 + (low - 0xDC00) }
        }
        guard let scalar = UnicodeScalar(code) else { throw mistake("half a surrogate pair in a string") }
        text += Array(String(Character(scalar)).utf8)
    }

    private mutating func hexDigits() throws(Mistake) -> UInt16 {
        var code: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw mistake("\\u needs four hex digits")
            }
            code = code << 4 | UInt16(digit)
            index += 1
        }
        return code
    }
}
