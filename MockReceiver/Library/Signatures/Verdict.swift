import WebhookSigning

/// The result of checking a request's signature: `SignatureVerdict` in one byte, and `unchecked` if no secret is known.
public enum Verdict: UInt8, Sendable, CaseIterable {
    case unchecked = 0
    case valid, expired, future, wrong, missing, malformed

    init(_ verdict: SignatureVerdict) {
        self =
            switch verdict {
            case .valid: .valid
            case .expired: .expired
            case .future: .future
            case .wrong: .wrong
            case .missing: .missing
            case .malformed: .malformed
            }
    }

    /// The name in reports.
    public var name: String { String(describing: self) }
}
