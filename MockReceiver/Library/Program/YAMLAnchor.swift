/// Finds anchors (YAML 1.2 section 6.9.2) without composing the document.
///
/// It errs on the safe side: a line of a block scalar that begins with `&` counts as an anchor.
enum YAMLAnchor {
    /// From 1.
    struct Place: Equatable {
        var line: Int
        var column: Int
    }

    /// nil: there is none.
    static func first(in text: String) -> Place? {
        var scan = Scan()
        for byte in text.utf8 where scan.take(byte) { return scan.place }
        return nil
    }

    private struct Scan {
        var place = Place(line: 1, column: 0)
        /// The last byte on this line that is not a space; 0: there is none.
        private var last: UInt8 = 0
        private var afterSpace = true
        private var inside = Inside.nothing

        private enum Inside { case nothing, single, double, escape, comment, tag }

        /// Whether the byte begins an anchor.
        mutating func take(_ byte: UInt8) -> Bool {
            place.column += 1
            if byte == UInt8(ascii: "\n") {
                place = Place(line: place.line + 1, column: 0)
                if inside == .comment || inside == .tag { inside = .nothing }
                if inside == .nothing { (last, afterSpace) = (0, true) }
                return false
            }
            switch inside {
            case .nothing: return begin(byte)
            case .single: if byte == UInt8(ascii: "'") { end() }
            case .double:
                if byte == UInt8(ascii: "\\") { inside = .escape } else if byte == UInt8(ascii: "\"") { end() }
            case .escape: inside = .double
            case .comment: break
            // A node with a tag begins after the tag.
            case .tag: if isSpace(byte) { (inside, afterSpace) = (.nothing, true) }
            }
            return false
        }

        private mutating func end() { (inside, last, afterSpace) = (.nothing, UInt8(ascii: "\""), false) }

        private mutating func begin(_ byte: UInt8) -> Bool {
            if isSpace(byte) {
                afterSpace = true
                return false
            }
            switch byte {
            case UInt8(ascii: "&") where mayBegin: return true
            case UInt8(ascii: "#") where afterSpace: inside = .comment
            case UInt8(ascii: "!") where mayBegin: inside = .tag
            case UInt8(ascii: "'") where mayBegin: inside = .single
            case UInt8(ascii: "\"") where mayBegin: inside = .double
            default:
                last = byte
                afterSpace = false
            }
            return false
        }

        /// Whether a node may begin here. In JSON it may follow the colon directly.
        private var mayBegin: Bool {
            switch last {
            case 0, UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","), UInt8(ascii: ":"): true
            case UInt8(ascii: "-"), UInt8(ascii: "?"): afterSpace
            default: false
            }
        }

        private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
    }
}
