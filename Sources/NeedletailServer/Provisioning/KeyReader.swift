import DurableQueue
import WebhookModel
import WebhookSigning
import Yams

/// Reads one API key of a provisioning file.
struct KeyReader {
    let notes: ProvisioningNotes
    let secrets: SecretSources
    /// The tenants of the file.
    let tenants: Set<String>

    static let keys = [
        "name", "key", "key_file", "key_env", "key_sha256", "tenants", "scopes", "rate", "burst", "expires",
        "client_certificates",
    ]
    /// Shorter keys could be guessed.
    static let keyBytes = 16...1_024

    func key(_ node: Node, _ names: inout UniqueNames, _ openers: inout UniqueOpeners) -> DesiredKey? {
        let label = "API key \"\(ProvisioningSection.writtenName(node))\""
        guard let section = ProvisioningSection(node, label: label, keys: KeyReader.keys, notes: notes) else {
            return nil
        }
        let name = section.text("name", needed: true)
        if let name { names.take(name, section) }
        let certificates = clientCertificates(section)
        let digest = self.digest(section, mayBeAbsent: !certificates.isEmpty)
        openers.take(digest ?? [], certificates, section)
        let rate = self.rate(section)
        let expiresAt = self.expiresAt(section)
        let scopes = self.scopes(section)
        guard let tenants = keyTenants(section), let name, let digest else { return nil }
        return DesiredKey(
            name: name, tenants: tenants,
            settings: APIKey.Settings(
                digest: digest, scopes: scopes, rate: rate, expiresAt: expiresAt, clientCertificates: certificates))
    }

    // MARK: What opens it

    /// SHA-256 of the key, however it is given; empty where client certificates alone open it.
    private func digest(_ section: ProvisioningSection, mayBeAbsent: Bool) -> [UInt8]? {
        let isWritten = SecretSources.isGiven("key", section)
        if section.has("key_sha256") {
            if isWritten { section.note("key_sha256", "stands beside key, key_file or key_env; give one of them") }
            guard let digest = section.text("key_sha256").flatMap(Hexadecimal.bytes), digest.count == 32,
                digest != SHA256Digest.of([])
            else {
                section.note("key_sha256", "give the 64 hex digits that `needletail key new` prints")
                return nil
            }
            return digest
        }
        if !isWritten, mayBeAbsent { return [] }
        guard isWritten else {
            section.note("key", "is missing; give one of key, key_file, key_env, key_sha256, client_certificates")
            return nil
        }
        guard let key = secrets.one(section, "key") else { return nil }
        let range = KeyReader.keyBytes
        if !range.contains(key.utf8.count) {
            section.note("key", "give \(range.lowerBound) to \(range.upperBound) bytes, found \(key.utf8.count)")
        }
        return SHA256Digest.of(key.utf8)
    }

    private func clientCertificates(_ section: ProvisioningSection) -> [String] {
        guard let texts = section.texts("client_certificates") else { return [] }
        if texts.isEmpty || texts.count > Limits.clientCertificatesPerKey {
            section.note("client_certificates", "give 1 to \(Limits.clientCertificatesPerKey)")
        }
        return texts.compactMap { text in
            guard text.lowercased().hasPrefix("sha256:") else { return text }
            let digits = text.dropFirst(7).replacing(":", with: "")
            guard let digest = Hexadecimal.bytes(String(digits)), digest.count == 32 else {
                section.note("client_certificates", "\"\(text)\": give sha256: and 64 hex digits")
                return nil
            }
            return "sha256:" + Hexadecimal.text(digest)
        }
    }

    // MARK: What it opens

    private func keyTenants(_ section: ProvisioningSection) -> TenancyChange.KeyTenants? {
        guard section.has("tenants") else {
            section.note("tenants", "is missing; give `all` or a list of tenants")
            return nil
        }
        guard let names = section.texts("tenants") else { return nil }
        if names == ["all"], section.node("tenants")?.scalar != nil { return .all }
        for name in names where !tenants.contains(name) {
            section.note("tenants", "\"\(name)\" is not a tenant of this file")
        }
        return .only(names)
    }

    private func scopes(_ section: ProvisioningSection) -> [APIKey.Scope] {
        guard let texts = section.texts("scopes") else { return [.publish(.everything)] }
        if texts.isEmpty || texts.count > Limits.scopesPerKey {
            section.note("scopes", "give 1 to \(Limits.scopesPerKey); leave it out for publish")
        }
        return texts.compactMap { text in
            let scope = APIKey.Scope(text)
            if scope == nil {
                section.note("scopes", "\"\(text)\" is not a scope; give publish, publish:order.*, read or manage")
            }
            return scope
        }
    }

    private func rate(_ section: ProvisioningSection) -> Rate? {
        let burst = section.integer("burst", 1...Limits.keyBurst)
        guard section.has("rate") else {
            if section.has("burst") { section.note("burst", "belongs to rate; give both, or neither") }
            return nil
        }
        return section.integer("rate", 1...Limits.keyEventsPerSecond).map {
            Rate(perSecond: $0, burst: burst)
        }
    }

    private func expiresAt(_ section: ProvisioningSection) -> Int64? {
        guard let text = section.text("expires") else { return nil }
        let time = UTCTime.milliseconds(text)
        if time == nil { section.note("expires", "\"\(text)\" is no good; give a time as 2027-01-31T12:00:00Z") }
        return time
    }
}

/// Notes what would open two API keys: nobody could say which one a producer meant.
struct UniqueOpeners {
    private var digests: Set<[UInt8]> = []
    private var certificates: Set<String> = []

    mutating func take(_ digest: [UInt8], _ certificates: [String], _ section: ProvisioningSection) {
        if !digest.isEmpty, !digests.insert(digest).inserted {
            section.note("name", "another API key has the same key; give each its own")
        }
        for name in certificates where !self.certificates.insert(name.lowercased()).inserted {
            section.note("client_certificates", "\"\(name)\" stands for another API key already, or twice here")
        }
    }
}
