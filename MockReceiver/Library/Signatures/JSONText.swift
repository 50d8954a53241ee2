/// JSON (RFC 8259) as a tree of texts: numbers and strings stay as they were written.
package indirect enum JSONText {
    /// A number, `true`, `false`, `null`, or a string with its quotes.
    case scalar([UInt8])
    case array([JSONText])
    case object([(name: [UInt8], value: JSONText)])

    /// The text between the parts.
    package struct Spacing {
        let comma: [UInt8]
        let colon: [UInt8]
        /// The indentation of one level; nil: everything on one line.
        let indent: [UInt8]?

        package static let all = [
            // JSON.stringify, Jackson, serde; Python's json.dumps; pretty printers.
            Spacing(comma: Array(",".utf8), colon: Array(":".utf8), indent: nil),
            Spacing(comma: Array(", ".utf8), colon: Array(": ".utf8), indent: nil),
            Spacing(comma: Array(",".utf8), colon: Array(": ".utf8), indent: Array("  ".utf8)),
            Spacing(comma: Array(",".utf8), colon: Array(": ".utf8), indent: Array("    ".utf8)),
            Spacing(comma: Array(",".utf8), colon: Array(": ".utf8), indent: Array("\t".utf8)),
        ]
    }

    /// How the characters of strings are written.
    package enum Escapes: CaseIterable {
        case asWritten
        /// All beyond ASCII as `\uXXXX` (Python).
        case ascii
        /// Like `ascii`, and slashes as `\/` (PHP).
        case asciiAndSlashes
        /// Neither is escaped (JavaScript, Go).
        case plain
    }

    package struct Style {
        let spacing: Spacing
        let escapes: Escapes
        /// Members in order of their names.
        let isSorted: Bool
        /// The number of bytes after which writing stops.
        package let limit: Int

        package init(_ spacing: Spacing, _ escapes: Escapes, isSorted: Bool, limit: Int) {
            self.spacing = spacing
            self.escapes = escapes
            self.isSorted = isSorted
            self.limit = limit
        }
    }

    // MARK: Writing

    /// - Parameter depth: of the value in its text; 0: the whole text.
    package func write(_ style: Style, _ depth: Int, _ output: inout [UInt8]) {
        guard output.count <= style.limit else { return }
        switch self {
        case .scalar(let text): output += JSONText.escaped(text, style.escapes)
        case .array(let items):
            JSONText.list("[", "]", items, style, depth, &output) { item, output in
                item.write(style, depth + 1, &output)
            }
        case .object(let members):
            let ordered = style.isSorted ? members.sorted { $0.name.lexicographicallyPrecedes($1.name) } : members
            JSONText.list("{", "}", ordered, style, depth, &output) { member, output in
                output += JSONText.escaped(member.name, style.escapes) + style.spacing.colon
                member.value.write(style, depth + 1, &output)
            }
        }
    }

    private static func list<Item>(
        _ open: Character, _ close: Character, _ items: [Item], _ style: Style, _ depth: Int, _ output: inout [UInt8],
        _ write: (Item, inout [UInt8]) -> Void
    ) {
        output.append(open.asciiValue!)
        for (index, item) in items.enumerated() where output.count <= style.limit {
            if index > 0 { output += style.spacing.comma }
            breakLine(style, depth + 1, &output)
            write(item, &output)
        }
        if !items.isEmpty { breakLine(style, depth, &output) }
        output.append(close.asciiValue!)
    }

    private static func breakLine(_ style: Style, _ depth: Int, _ output: inout [UInt8]) {
        guard let indent = style.spacing.indent else { return }
        output.append(0x0A)
        for _ in 0..<depth { output += indent }
    }

    private static func escaped(_ text: [UInt8], _ escapes: Escapes) -> [UInt8] {
        guard text.first == UInt8(ascii: "\""), escapes != .asWritten else { return text }
        let plain = JSONText.unescaped(text)
        guard escapes != .plain else { return plain }
        var output: [UInt8] = []
        for unit in String(decoding: plain, as: UTF8.self).utf16 {
            switch unit {
            case 0x2F where escapes == .asciiAndSlashes: output += [0x5C, 0x2F]
            case ..<0x80: output.append(UInt8(unit))
            default:
                let digits = String(unit, radix: 16)
                output += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            }
        }
        return output
    }

    /// Resolves `\uXXXX` beyond ASCII and `\/`; other escapes stay.
    private static func unescaped(_ text: [UInt8]) -> [UInt8] {
        var units: [UInt16] = []
        let source = Array(String(decoding: text, as: UTF8.self).utf16)
        var place = 0
        while place < source.count {
            guard source[place] == 0x5C, place + 1 < source.count else {
                units.append(source[place])
                place += 1
                continue
            }
            let digits = source[min(place + 2, source.count)..<min(place + 6, source.count)]
            if source[place + 1] == 0x2F {
                units.append(0x2F)
                place += 2
            } else if source[place + 1] == 0x75, let unit = UInt16(String(decoding: digits, as: UTF16.self), radix: 16),
                unit >= 0x80
            {
                units.append(unit)
                place += 6
            } else {
                units += source[place..<(place + 2)]
                place += 2
            }
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }
}
