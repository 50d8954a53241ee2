import Settings
import WebhookSigning

/// A new API key: `ntk_` and 32 random bytes in base64url (RFC 4648, 5) without padding.
public struct NewAPIKey: Sendable {
    /// Tells people and scanners for leaked secrets what it is.
    public static let prefix = "ntk_"

    /// The key itself, for the producer. It is not stored.
    public let text: String
    /// SHA-256 of it as 64 hex digits: `key_sha256` of the provisioning file.
    public let digest: String

    public init() {
        text = NewAPIKey.prefix + SecureRandom.bytes(32).base64URL
        digest = Hexadecimal.text(SHA256Digest.of(text.utf8))
    }

    /// Its entry under `api_keys` of a provisioning file, with the indentation.
    ///
    /// - Parameter name: any text; in quotes where YAML would read it as something else.
    public func entry(named name: String) -> String {
        let isPlain = name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_.-]*/) != nil
        let escaped = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return """
              - name: \(isPlain ? name : "\"\(escaped)\"")
                key_sha256: "\(digest)"
                tenants: all          # or a list
            """
    }
}

extension [UInt8] {
    fileprivate var base64URL: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var digits: [UInt8] = []
        var bits = 0
        var held = 0
        for byte in self {
            held = held << 8 | Int(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                digits.append(alphabet[held >> bits & 63])
            }
            held &= 63
        }
        if bits > 0 { digits.append(alphabet[held << (6 - bits) & 63]) }
        return String(decoding: digits, as: UTF8.self)
    }
}
