/// What most likely went wrong when a signature was made: found by signing again with each mistake and comparing.
public enum SignatureDiagnosis: UInt8, Sendable, CaseIterable {
    /// The sender signed other JSON than it sent: spaces, order of members or escapes changed when the body was written again.
    case reserialisedJSON = 0
    /// Hex digits where base64 belongs, or the other way round.
    case wrongEncoding
    /// The signature stands there without its prefix.
    case prefixMissing
    /// The written secret was the key: neither its prefix was taken off nor its base64 decoded.
    case secretNotDecoded
    /// The secret's bytes were decoded where the text itself is the key.
    case secretDecoded
    /// The timestamp is missing from the signed text.
    case timestampNotSigned
    /// The id is missing from the signed text.
    case idNotSigned
    /// The body alone was signed.
    case onlyBodySigned
    /// Rightly signed with the secret of another path.
    case otherEndpoint
    /// Rightly signed with a secret of this path whose time is over.
    case retiredSecret
    /// Rightly signed by another scheme's rules, with this secret.
    case otherScheme
    /// The body was empty when it was signed.
    case emptyBodySigned
    /// None of these.
    case unknown
}

extension SignatureDiagnosis {
    /// The name in reports.
    public var name: String { String(describing: self) }
}
