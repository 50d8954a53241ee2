/// Which characters a URL consists of (RFC 3986 section 2): unreserved, reserved, and `%` with two hex digits.
enum URLCharacters {
    /// Whether the byte may stand in a URL. `%` may, where two hex digits follow (`hasWholeEscapes`).
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: marks.contains(byte)
        }
    }

    private static let marks = Set("-._~:/?#[]@!$&'()*+,;=%".utf8)

    /// - Parameter isStored: an older version accepted it, and every visible ASCII character but the backslash with it.
    static func areAllowed(_ text: String, isStored: Bool) -> Bool {
        if isStored { return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") } }
        return text.utf8.allSatisfy(isAllowed) && hasWholeEscapes(text)
    }

    /// Whether two hex digits follow each `%`.
    private static func hasWholeEscapes(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.indices.allSatisfy { bytes[$0] != percent || isEscape(bytes, at: $0) }
    }

    /// The text with everything percent-encoded that is not allowed; a `%` that begins no escape too.
    static func encoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if isAllowed(byte), byte != percent || isEscape(bytes, at: index) {
                encoded.append(byte)
            } else {
                encoded += [percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let percent = UInt8(ascii: "%")

    private static func isEscape(_ bytes: [UInt8], at index: Int) -> Bool {
        index + 2 < bytes.count && isHex(bytes[index + 1]) && isHex(bytes[index + 2])
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
