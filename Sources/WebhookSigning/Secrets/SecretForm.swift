/// How a secret is written, and which of its bytes are the key. Each scheme requires one form.
public enum SecretForm: String, Sendable, CaseIterable {
    /// The text itself, including any prefix, is the key: 16 to 256 visible ASCII characters.
    case raw
    /// Base64 of 16 to 128 bytes.
    case base64
    /// `whsec_` and the base64 of 24 to 64 bytes (Standard Webhooks, "Signature scheme").
    case whsec
    /// `whsk_` and the base64 of an Ed25519 seed, with its public key (64 bytes) or without (32 bytes); or `whpk_` and
    /// the base64 of a public key, which verifies only.
    case ed25519

    /// Bytes of a key: fewer are guessable, many more gain nothing.
    var keyBytes: ClosedRange<Int> {
        switch self {
        case .raw: 16...256
        case .base64: 16...128
        case .whsec: 24...64
        case .ed25519: 32...64
        }
    }
}
