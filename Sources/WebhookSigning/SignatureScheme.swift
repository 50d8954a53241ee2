/// How a message is signed, as data: what senders write and receivers look for.
///
/// Only `standard` exists today: HMAC-SHA256 over `{id}.{timestamp}.{body}`, one base64 hash per live secret, each under its
/// version. Other schemes become rows beside it.
public struct SignatureScheme: Sendable, Equatable {
    /// The preset's name in settings and provisioning files.
    public let name: String
    /// Header names, lower case.
    public let idHeader: String
    public let timestampHeader: String
    public let signatureHeader: String
    /// What stands before each hash in the signature header.
    public let version: String

    /// Standard Webhooks 1.0, symmetric.
    public static let standard = SignatureScheme(
        name: "standard", idHeader: "webhook-id", timestampHeader: "webhook-timestamp",
        signatureHeader: "webhook-signature", version: "v1,")

    /// Every preset.
    public static let all: [SignatureScheme] = [standard]

    /// The preset of that name; nil where there is none.
    public static func named(_ name: String) -> SignatureScheme? { all.first { $0.name == name } }
}
