/// A live secret of an endpoint in its written form and, if it is being replaced, its expiry time. Never shown by
/// printing.
public struct EndpointSecret: Sendable, Hashable {
    /// As its scheme writes it (`whsec_…`).
    public var text: String
    /// Unix seconds; from then on the secret no longer signs. nil: until its owner removes it.
    public var until: Int64?

    public init(_ text: String, until: Int64? = nil) {
        self.text = text
        self.until = until
    }
}

extension EndpointSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { until.map { "<redacted until \($0)>" } ?? "<redacted>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Endpoint.Settings {
    /// Puts a new secret first. The others stay live for a while, so that receivers can learn the new one. Expired
    /// secrets are removed, and so are the oldest beyond the limit.
    ///
    /// - Parameters:
    ///   - now: Unix seconds.
    ///   - overlap: seconds for which the others stay live; nil: until their owner removes them.
    public mutating func rotate(to secret: String, now: Int64, overlap: Int64? = Limits.secretOverlapSeconds) {
        let end = overlap.map { now + $0 }
        let kept = secrets.filter { $0.text != secret && ($0.until ?? .max) > now }.map { old in
            // A secret that would expire earlier keeps its time.
            EndpointSecret(old.text, until: [old.until, end].compactMap(\.self).min())
        }
        secrets = [EndpointSecret(secret)] + kept.prefix(Limits.liveSecrets - 1)
    }
}
