/// What a header field may contain, for headers that endpoint owners choose (RFC 9110 section 5).
public enum HeaderRules {
    /// What is wrong with a name, which must be a token; nil: it is valid.
    public static func mistake(inName name: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= Limits.headerNameBytes else {
            return "a name must have 1 to \(Limits.headerNameBytes) characters"
        }
        return name.utf8.allSatisfy(isToken) ? nil : "a name holds letters, digits and !#$%&'*+-.^_`|~ only"
    }

    /// What is wrong with a value: only visible ASCII and inner spaces are allowed, so no CR, LF or NUL. nil: it is
    /// valid.
    public static func mistake(inValue value: String) -> String? {
        guard !value.isEmpty else { return "its value is empty" }
        guard value.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            return "its value contains characters other than visible ASCII and spaces"
        }
        return value.hasPrefix(" ") || value.hasSuffix(" ") ? "its value begins or ends with a space" : nil
    }

    /// Whether HTTP uses the name for framing, for one hop or to describe the message. Owners must not set such a
    /// header.
    public static func isReservedForTransport(_ name: String) -> Bool {
        let name = name.lowercased()
        return transportNames.contains(name) || name.hasPrefix("proxy-")
    }

    /// The same, and the names of signature headers: an owner's header must not look like one.
    public static func isReserved(_ name: String) -> Bool {
        isReservedForTransport(name) || name.lowercased().hasPrefix("webhook-")
    }

    private static let transportNames: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect",
        "cookie",
        "content-type", "content-encoding", "user-agent",
    ]

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
