import WebhookModel

/// The header lines of an answer that are stored with the attempt: whole lines up to a limit, without those that carry
/// credentials. Not used for 2xx answers, so the usual attempt costs nothing.
struct HeaderExcerpt {
    /// Each `name: value` and a line feed. The bytes are the receiver's: escape them before showing them.
    private(set) var bytes: [UInt8] = []
    private var isFull = false

    /// Takes one line with its line end. The first line that does not fit ends the excerpt.
    mutating func take(_ line: UnsafeRawBufferPointer) {
        // A line that begins with a space continues the one before (RFC 9112, 5.2), which may have been left out.
        guard !isFull, let first = line.first, first != 0x20, first != 0x09,
            let colon = line.firstIndex(of: UInt8(ascii: ":"))
        else { return }
        var name = line[..<colon]
        while name.last == 0x20 || name.last == 0x09 { name = name.dropLast() }
        guard !HeaderExcerpt.isSensitive(UnsafeRawBufferPointer(rebasing: name)) else { return }
        var end = line.count
        while end > 0, line[end - 1] == 0x0A || line[end - 1] == 0x0D { end -= 1 }
        guard bytes.count + end < Limits.answerHeaderBytes else {
            isFull = true
            return
        }
        bytes.append(contentsOf: line[..<end])
        bytes.append(0x0A)
    }

    /// Names of headers whose values are credentials, by themselves or when sent back.
    private static let sensitive: [StaticString] = [
        "set-cookie", "set-cookie2", "cookie", "authorization", "proxy-authorization", "authentication-info",
        "proxy-authentication-info", "x-api-key", "x-auth-token", "x-csrf-token", "x-xsrf-token",
        "x-amz-security-token",
    ]

    private static func isSensitive(_ name: UnsafeRawBufferPointer) -> Bool {
        sensitive.contains { name.equalsIgnoringCase($0) }
    }
}
