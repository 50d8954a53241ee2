import WebhookModel

/// The header lines of an answer that its attempt's record keeps: whole lines up to a limit, without those that carry credentials.
///
/// An answer that delivers never comes here: the usual attempt pays nothing.
struct HeaderExcerpt {
    /// Each `name: value` and a line feed. What a receiver wrote, byte by byte: whoever shows it escapes it.
    private(set) var bytes: [UInt8] = []
    private var isFull = false

    /// Takes one line as it came, with its line end. The first that does not fit ends the excerpt.
    mutating func take(_ line: UnsafeRawBufferPointer) {
        // A line that begins with a space goes on with the one before (RFC 9112, 5.2), which may have been left out.
        guard !isFull, let first = line.first, first != 0x20, first != 0x09,
            let colon = line.firstIndex(of: UInt8(ascii: ":"))
        else { return }
        var name = line[..<colon]
        while name.last == 0x20 || name.last == 0x09 { name = name.dropLast() }
        guard !HeaderExcerpt.isSensitive(name) else { return }
        var end = line.count
        while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        guard bytes.count + end < Limits.answerHeaderBytes else {
            isFull = true
            return
        }
        bytes.append(contentsOf: line[..<end])
        bytes.append(0x0A)
    }

    /// Names whose values open something, by themselves or sent back.
    private static let sensitive = [
        "set-cookie", "set-cookie2", "cookie", "authorization", "proxy-authorization", "authentication-info",
        "proxy-authentication-info", "x-api-key", "x-auth-token", "x-csrf-token", "x-xsrf-token",
        "x-amz-security-token",
    ].map { Array($0.utf8) }

    private static func isSensitive(_ name: Slice<UnsafeRawBufferPointer>) -> Bool {
        sensitive.contains { wanted in
            wanted.count == name.count
                && zip(name, wanted).allSatisfy { byte, wanted in
                    byte == wanted || (byte | 0x20 == wanted && (0x41...0x5A).contains(byte))
                }
        }
    }
}
