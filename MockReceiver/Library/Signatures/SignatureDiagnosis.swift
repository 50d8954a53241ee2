/// What most likely went wrong when a signature was made. It is found by signing again with each mistake and comparing.
public enum SignatureDiagnosis: UInt8, Sendable, CaseIterable {
    /// The sender signed different JSON than it sent: spaces, order of members or escapes changed when the body was
    /// written again.
    case reserialisedJSON = 0
    /// Hex digits instead of base64, or the reverse.
    case wrongEncoding
    /// The signature lacks its prefix.
    case prefixMissing
    /// The written secret was used as the key: its prefix was not removed and its base64 not decoded.
    case secretNotDecoded
    /// The secret's bytes were decoded although the text itself is the key.
    case secretDecoded
    /// The timestamp is missing from the signed text.
    case timestampNotSigned
    /// The id is missing from the signed text.
    case idNotSigned
    /// The body alone was signed.
    case onlyBodySigned
    /// Signed correctly with the secret of another path.
    case otherEndpoint
    /// Signed correctly with an expired secret of this path.
    case retiredSecret
    /// Signed correctly with this secret, but by another scheme's rules.
    case otherScheme
    /// The body was empty when it was signed.
    case emptyBodySigned
    /// None of these.
    case unknown
    /// The sender signed other digits of the same numbers than it sent: 10.50 and 10.5.
    case reserialisedNumbers
    /// Signed correctly, with a timestamp in milliseconds or a finer unit instead of seconds.
    case timestampInMilliseconds
}

extension SignatureDiagnosis {
    /// The name in reports.
    public var name: String { String(describing: self) }
}
