extension JSONText {
    /// nil: not JSON, or nested too deep.
    package static func parse(_ text: [UInt8]) -> JSONText? {
        var reader = Reader(text: text)
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        return reader.position == text.count ? value : nil
    }

    private struct Reader {
        let text: [UInt8]
        var position = 0
        private static let mostDepth = 128

        init(text: [UInt8]) { self.text = text }

        var next: UInt8? { position < text.count ? text[position] : nil }

        mutating func skipSpace() {
            while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            skipSpace()
            guard next == byte else { return false }
            position += 1
            return true
        }

        mutating func value(depth: Int) -> JSONText? {
            guard depth < Reader.mostDepth else { return nil }
            skipSpace()
            switch next {
            case UInt8(ascii: "{"): return object(depth)
            case UInt8(ascii: "["): return array(depth)
            case UInt8(ascii: "\""): return string().map(JSONText.scalar)
            default:
                let start = position
                while let byte = next, ![0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x3A, 0x5D, 0x7D].contains(byte) {
                    position += 1
                }
                return position > start ? .scalar(Array(text[start..<position])) : nil
            }
        }

        private mutating func object(_ depth: Int) -> JSONText? {
            position += 1
            var members: [(name: [UInt8], value: JSONText)] = []
            if take(UInt8(ascii: "}")) { return .object([]) }
            repeat {
                skipSpace()
                guard next == UInt8(ascii: "\""), let name = string(), take(UInt8(ascii: ":")),
                    let value = value(depth: depth + 1)
                else {
                    return nil
                }
                members.append((name, value))
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "}")) ? .object(members) : nil
        }

        private mutating func array(_ depth: Int) -> JSONText? {
            position += 1
            var items: [JSONText] = []
            if take(UInt8(ascii: "]")) { return .array([]) }
            repeat {
                guard let item = value(depth: depth + 1) else { return nil }
                items.append(item)
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "]")) ? .array(items) : nil
        }

        /// Including its quotes.
        private mutating func string() -> [UInt8]? {
            let start = position
            position += 1
            while let byte = next {
                position += byte == UInt8(ascii: "\\") ? 2 : 1
                if byte == UInt8(ascii: "\"") { return Array(text[start..<position]) }
            }
            return nil
        }
    }
}
