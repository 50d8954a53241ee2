import CCurl
import WebhookModel

/// An endpoint's URL, parsed once by libcurl, which also sends to it, and validated.
public struct EndpointURL {
    /// Scheme, host, port where it is not the scheme's own, path, query.
    public let canonical: String
    public let isSecure: Bool
    /// Lower case; an IPv6 address has no brackets.
    public let host: String
    public let port: UInt16
    /// The host as an address, where it is one. libcurl turns `127.1`, `0x7f.1` and `2130706433` into four decimal
    /// parts.
    public let address: IPAddress?
    package let url: CurlURL

    /// Reads and checks a URL.
    ///
    /// Rejected: user-info, fragments, zone ids, characters that RFC 3986 section 2 does not allow, port 0, more than
    /// 2,048 bytes, schemes other than http and https. An attacker uses differences between parsers to pass a guard, so a URL
    /// that two parsers could read in different ways is rejected.
    ///
    /// - Parameter isStored: it was accepted before, perhaps by a version that let more characters pass.
    /// - Throws: the first rule that the text breaks.
    public init(_ text: String, isStored: Bool = false) throws(EndpointURLError) {
        guard text.utf8.count <= Limits.urlBytes else { throw .tooLong(text.utf8.count) }
        guard !text.utf8.contains(UInt8(ascii: "#")) else { throw .fragment }
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard scheme == "http" || scheme == "https", text.dropFirst(scheme.count).hasPrefix("://") else {
            throw .scheme(scheme)
        }
        let authority = text.dropFirst(scheme.count + 3).prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty else { throw .host("") }
        guard !authority.contains("\\") else { throw .backslash }
        guard !authority.contains("@") else { throw .userInfo }
        guard !authority.contains("%") else { throw .host(String(authority)) }
        guard authority.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .notASCII }
        guard URLCharacters.areAllowed(String(authority), isStored: isStored) else { throw .host(String(authority)) }
        guard URLCharacters.areAllowed(text, isStored: isStored) else {
            // A password in the text was refused above.
            throw .characters(encoded: URLCharacters.encoded(text))
        }

        guard let url = CurlURL(text), let host = url.part(CURLUPART_HOST)?.lowercased() else {
            throw .unreadable(text)
        }
        guard url.part(CURLUPART_ZONEID) == nil, EndpointURL.isHost(host) else { throw .host(host) }
        guard let digits = url.part(CURLUPART_PORT, CURLU_DEFAULT_PORT), let port = UInt16(digits), port > 0 else {
            throw .port
        }
        // A host in another case must not get a connection pool and a name look-up of its own.
        guard curl_url_set(url.handle, CURLUPART_HOST, host, 0) == CURLUE_OK,
            let canonical = url.part(CURLUPART_URL, CURLU_NO_DEFAULT_PORT), canonical.utf8.count <= Limits.urlBytes
        else { throw .unreadable(text) }
        self.canonical = canonical
        isSecure = scheme == "https"
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        address = IPAddress(self.host)
        self.url = url
    }

    /// Path and query, as a request line has them (RFC 9112, 3.2.1).
    package var requestTarget: String {
        let path = url.part(CURLUPART_PATH) ?? "/"
        return url.part(CURLUPART_QUERY).map { "\(path)?\($0)" } ?? path
    }

    /// Host, and the port where it is not the scheme's own (RFC 9110, 7.2).
    package var hostField: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
    }

    /// The one form under which a URL is stored and shown.
    public static func canonical(_ text: String) throws(EndpointURLError) -> String {
        try EndpointURL(text).canonical
    }

    /// A DNS name of letters, digits, hyphens and underscores, a dotted number, or an address in brackets.
    private static func isHost(_ host: String) -> Bool {
        if host.hasPrefix("[") {
            return host.hasSuffix("]") && IPAddress(String(host.dropFirst().dropLast())) != nil
        }
        guard !host.isEmpty, host.utf8.count <= 253 else { return false }
        return host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
    }
}

/// Why a URL cannot be an endpoint's.
public enum EndpointURLError: Error, Equatable, CustomStringConvertible {
    /// With the bytes found.
    case tooLong(Int)
    /// In the host.
    case notASCII
    /// In the host, where programs read it in different ways.
    case backslash
    /// After the host; with the form that is accepted.
    case characters(encoded: String)
    case fragment
    case scheme(String)
    case userInfo
    case host(String)
    case port
    case unreadable(String)

    /// What a URL must be, where this one is not.
    public var expected: String {
        switch self {
        case .tooLong(let count): "at most \(Limits.urlBytes) bytes, found \(count)"
        case .notASCII:
            "visible ASCII characters only in the host: its xn-- form"
        case .backslash: "no backslash, which programs read in different ways: write / or %5C"
        case .characters(let encoded):
            "the characters of RFC 3986 section 2 only, others percent-encoded: \(Shown.short(encoded))"
        case .fragment: "no fragment (#), because it is never sent"
        case .scheme: "a URL that begins with https:// or http://"
        case .userInfo: "no user name or password (@)"
        case .host: "a host name or an address after ://"
        case .port: "a port from 1 to 65535"
        case .unreadable: "a URL, as https://host/path"
        }
    }

    /// Whether messages leave the URL out, because it contains a password.
    public var hidesText: Bool { self == .userInfo }

    public var description: String { "invalid URL; expected \(expected)" }
}
