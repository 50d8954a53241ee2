public import WebhookModel
import WebhookSigning

/// An index of the API keys of one snapshot: by key, by name and by client certificate. Immutable.
public struct KeyDirectory: Sendable {
    /// The snapshot that it was made from.
    public let source: TenantDirectory
    /// The last key whose digest begins with these 8 bytes.
    private let firstByPrefix: [UInt64: Int32]
    /// For each key the one before it with the same 8 bytes; -1: none. Digests that people chose may share them.
    private let nextWithPrefix: [Int32]
    /// Keys by the entries of their `clientCertificates`, in lower case; of two keys the first by name.
    private let byCertificate: [String: Int32]

    public init(_ source: TenantDirectory) {
        self.source = source
        var firstByPrefix: [UInt64: Int32] = [:]
        firstByPrefix.reserveCapacity(source.keys.count)
        var nextWithPrefix = [Int32](repeating: -1, count: source.keys.count)
        var byCertificate: [String: Int32] = [:]
        for (index, key) in source.keys.enumerated() {
            // An empty digest belongs to a key that only a certificate opens.
            if !key.settings.digest.isEmpty {
                let prefix = KeyDirectory.prefix(key.settings.digest)
                nextWithPrefix[index] = firstByPrefix[prefix] ?? -1
                firstByPrefix[prefix] = Int32(index)
            }
            for entry in key.settings.clientCertificates {
                let present = byCertificate[entry.lowercased()]
                if let present, source.keys[Int(present)].name <= key.name { continue }
                byCertificate[entry.lowercased()] = Int32(index)
            }
        }
        self.firstByPrefix = firstByPrefix
        self.nextWithPrefix = nextWithPrefix
        self.byCertificate = byCertificate
    }

    // MARK: By the key itself

    /// The API key with this text.
    ///
    /// The look-up is by the key's SHA-256, so its time can only tell something about digests. The digest it finds is
    /// compared in constant time.
    public func key(of text: [UInt8]) -> APIKey? {
        let digest = SHA256Digest.of(text)
        return candidates(digest).first { ConstantTime.equal($0.settings.digest, digest) }
    }

    /// The keys whose digest must be compared with this one: at most one, unless digests share their first 8 bytes.
    package func candidates(_ digest: [UInt8]) -> [APIKey] {
        var found: [APIKey] = []
        var index = firstByPrefix[KeyDirectory.prefix(digest)] ?? -1
        while index >= 0 {
            found.append(source.keys[Int(index)])
            index = nextWithPrefix[Int(index)]
        }
        return found
    }

    private static func prefix(_ digest: [UInt8]) -> UInt64 { digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    // MARK: By name

    public func key(named name: String) -> APIKey? { source.key(named: name) }

    // MARK: By certificate

    /// The key that names this certificate; of several the first by name. A certificate is no secret, so nothing is
    /// compared in constant time.
    public func authentication(by certificate: ClientCertificate) -> Authentication? {
        let matches = certificate.entries.compactMap { byCertificate[$0] }.map { source.keys[Int($0)] }
        guard let key = matches.min(by: { $0.name < $1.name }) else { return nil }
        return Authentication(
            key: key, certificateName: key.settings.clientCertificates.first(where: certificate.answers))
    }
}
