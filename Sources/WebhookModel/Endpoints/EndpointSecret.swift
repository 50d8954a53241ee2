/// A live secret of an endpoint in its written form, and for one that is being replaced its end. Never shown by printing.
public struct EndpointSecret: Sendable, Hashable {
    /// As its scheme writes it (`whsec_…`).
    public var text: String
    /// Unix seconds from which on it no longer signs; nil: until its owner takes it out.
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
    /// Puts a new secret before the others. They stay live for a while, so that receivers may learn the new one; those that ended are
    /// dropped, and so are the oldest beyond the limit.
    ///
    /// - Parameters:
    ///   - now: Unix seconds.
    ///   - overlap: seconds; nil: until the owner finalises.
    public mutating func rotate(to secret: String, now: Int64, overlap: Int64? = Limits.secretOverlapSeconds) {
        let end = overlap.map { now + $0 }
        let kept = secrets.filter { $0.text != secret && ($0.until ?? .max) > now }.map { old in
            // A secret that was to end sooner still does.
            EndpointSecret(old.text, until: [old.until, end].compactMap(\.self).min())
        }
        secrets = [EndpointSecret(secret)] + kept.prefix(Limits.liveSecrets - 1)
    }

    /// Ends every overlap now: only the newest secret stays.
    public mutating func finaliseSecrets() { secrets = Array(secrets.prefix(1)) }
}
