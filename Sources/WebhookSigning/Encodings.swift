import WebhookModel

extension SignatureScheme.Encoding {
    /// Writes the encoded bytes, and for base64 a NUL after them.
    ///
    /// - Returns: the text's length, without the NUL.
    func write(_ bytes: UnsafeRawBufferPointer, into text: UnsafeMutableRawBufferPointer) -> Int {
        switch self {
        case .base64: return Base64.write(bytes, into: text)
        case .hex:
            var offset = 0
            for byte in bytes {
                text[offset] = HexDigits.lower(byte >> 4)
                text[offset + 1] = HexDigits.lower(byte & 15)
                offset += 2
            }
            return offset
        }
    }

    /// The bytes; nil: the text is not of this encoding.
    func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        switch self {
        case .base64: return Base64.decode(String(decoding: text, as: UTF8.self))
        case .hex:
            guard text.count.isMultiple(of: 2) else { return nil }
            var bytes: [UInt8] = []
            for place in stride(from: 0, to: text.count, by: 2) {
                guard let high = HexDigits.value(text[place]), let low = HexDigits.value(text[place + 1]) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            }
            return bytes
        }
    }
}

/// Unix seconds in decimal, as headers carry them.
enum DecimalSeconds {
    /// Ten digits cover 2001 to 2286. An earlier clock gives leading zeros, which verifiers refuse as too old.
    static let leastDigits = 10
    /// Enough for any `Int64`.
    static let mostDigits = 19

    /// Writes the digits and returns where they are.
    static func write(_ seconds: Int64, into digits: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
        var rest = max(0, seconds)
        var start = digits.count
        while rest > 0 || digits.count - start < leastDigits {
            start -= 1
            digits[start] = 0x30 + UInt8(rest % 10)
            rest /= 10
        }
        return UnsafeRawBufferPointer(rebasing: digits[start...])
    }

    /// Reads at most 18 decimal digits, so that nothing overflows; nil for anything else.
    static func read(_ digits: UnsafeRawBufferPointer) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }
}
