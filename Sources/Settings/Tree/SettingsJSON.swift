public import WebhookModel

/// Parses a JSON settings document (RFC 8259), strictly: one value, UTF-8, no byte order mark, no name twice in an
/// object, limited in size and depth.
///
/// Numbers and truth values become texts as they are written; null becomes the empty text.
public struct SettingsJSON {
    private let bytes: [UInt8]
    private let depthMost: Int
    private var index = 0
    private var line = 1
    /// Column of the byte at `marked`.
    private var column = 1
    /// The last index whose position was asked for, or the start of the line: a long line is counted once.
    private var marked = 0
    /// The names and indices from the root to the value that is being parsed.
    private var steps: [String] = []

    private init(_ bytes: [UInt8], depthMost: Int) {
        self.bytes = bytes
        self.depthMost = depthMost
    }

    /// - Parameters:
    ///   - bytes: the document, UTF-8.
    ///   - sizeMost: bytes.
    ///   - depthMost: nested lists and objects.
    /// - Throws: the first thing that keeps it from being JSON, with its position and the JSON pointer to it.
    public static func parse(
        _ bytes: some Sequence<UInt8>, sizeMost: Int = Limits.settingsBytes, depthMost: Int = Limits.settingsDepth
    ) throws(SettingsMistakes) -> SettingsNode {
        var parser = SettingsJSON(Array(bytes), depthMost: depthMost)
        guard parser.bytes.count <= sizeMost else {
            throw SettingsMistakes([
                SettingsMistake(
                    .malformed, path: "",
                    "the document has \(parser.bytes.count) bytes; at most \(sizeMost) are allowed")
            ])
        }
        parser.skipSpace()
        let node = try parser.value()
        parser.skipSpace()
        guard parser.index == parser.bytes.count else { throw parser.mistake("expected nothing after the value") }
        return node
    }

    // MARK: Values

    private mutating func value() throws(SettingsMistakes) -> SettingsNode {
        let position = self.position()
        guard let byte = peek else { throw mistake("the document ends where a value is expected") }
        switch byte {
        case UInt8(ascii: "{"): return SettingsNode(.map(try object()), at: position)
        case UInt8(ascii: "["): return SettingsNode(.list(try array()), at: position)
        case UInt8(ascii: "\""): return SettingsNode(.text(try string()), at: position)
        case UInt8(ascii: "-"), 0x30...0x39: return SettingsNode(.text(try number()), at: position)
        default:
            if take("true") { return SettingsNode(.text("true"), at: position) }
            if take("false") { return SettingsNode(.text("false"), at: position) }
            if take("null") { return SettingsNode(.text(""), at: position) }
            throw mistake("expected a value: an object, a list, a string, a number, true, false or null")
        }
    }

    private mutating func object() throws(SettingsMistakes) -> [SettingsEntry] {
        try enter()
        var entries: [SettingsEntry] = []
        var names: Set<String> = []
        if take("}") { return entries }
        repeat {
            skipSpace()
            let position = self.position()
            guard peek == UInt8(ascii: "\"") else { throw mistake("expected a name in double quotes") }
            let name = try string()
            steps.append(name)
            guard names.insert(name).inserted else {
                throw SettingsMistakes([
                    SettingsMistake(
                        .duplicate, path: pointer, "the field \(Shown.name(name)) is given twice; remove one",
                        at: position)
                ])
            }
            skipSpace()
            guard take(":") else { throw mistake("expected a colon after the name") }
            skipSpace()
            entries.append(SettingsEntry(name, at: position, try value()))
            steps.removeLast()
            skipSpace()
        } while take(",")
        guard take("}") else { throw mistake("expected a comma or } after the value") }
        return entries
    }

    private mutating func array() throws(SettingsMistakes) -> [SettingsNode] {
        try enter()
        var members: [SettingsNode] = []
        if take("]") { return members }
        repeat {
            skipSpace()
            steps.append(String(members.count))
            members.append(try value())
            steps.removeLast()
            skipSpace()
        } while take(",")
        guard take("]") else { throw mistake("expected a comma or ] after the value") }
        return members
    }

    /// Steps over an opening bracket and what space follows.
    private mutating func enter() throws(SettingsMistakes) {
        // Each open list or object has one step, but for the innermost.
        guard steps.count < depthMost else { throw mistake("nested more than \(depthMost) levels deep") }
        index += 1
        skipSpace()
    }

    /// As it is written; the grammar of section 6.
    private mutating func number() throws(SettingsMistakes) -> String {
        let start = index
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func digits() throws(SettingsMistakes) {
        guard let first = peek, isDigit(first) else { throw mistake("expected a digit") }
        while let byte = peek, isDigit(byte) { index += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    // MARK: Strings

    private mutating func string() throws(SettingsMistakes) -> String {
        index += 1
        var text: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw mistake("the string before this is not UTF-8")
                }
                index += 1
                return string
            case UInt8(ascii: "\\"): text += try escape()
            case ..<0x20: throw mistake("expected control characters in strings to be escaped, as \\n")
            default:
                text.append(byte)
                index += 1
            }
        }
        throw mistake("the document ends inside a string")
    }

    private mutating func escape() throws(SettingsMistakes) -> [UInt8] {
        index += 1
        guard let byte = peek else { throw mistake("the document ends inside a string") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicode()
        default:
            index -= 1
            throw mistake("expected one of \" \\ / b f n r t u after a backslash")
        }
    }

    /// `\uXXXX`, or a surrogate pair of two.
    private mutating func unicode() throws(SettingsMistakes) -> [UInt8] {
        var value = try hexDigits()
        if (0xD800..<0xDC00).contains(value), take("\\u") {
            let low = try hexDigits()
            guard (0xDC00..<0xE000).contains(low) else { throw mistake("expected the second half of a surrogate pair") }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw mistake("expected both halves of a surrogate pair") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexDigits() throws(SettingsMistakes) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw mistake("expected four hex digits after \\u")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    // MARK: Bytes

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        let isNext = text.withUTF8Buffer { bytes[index...].prefix(count).elementsEqual($0) }
        if isNext { index += count }
        return isNext
    }

    private mutating func skipSpace() {
        while let byte = peek, [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            index += 1
            if byte == 0x0A {
                line += 1
                column = 1
                marked = index
            }
        }
    }

    private mutating func position() -> SettingsPosition {
        // Of the bytes of a scalar all but the first begin with the bits 10.
        column += bytes[marked..<index].count { $0 & 0xC0 != 0x80 }
        marked = index
        return SettingsPosition(line: line, column: column)
    }

    private var pointer: String { steps.reduce("") { $0 + SettingsPointer.step($1) } }

    private mutating func mistake(_ text: String) -> SettingsMistakes {
        SettingsMistakes([SettingsMistake(.malformed, path: pointer, "not JSON: \(text)", at: position())])
    }
}
