import WebhookModel
import WebhookSigning

/// Reads one API key.
package struct KeyReader {
    /// What differs between the documents that API keys come from.
    package struct Rules: Sendable {
        let sources: SettingsSources
        let mayLackKey: Bool
        let tenant: String
        let isTenant: @Sendable (String) -> Bool

        /// - Parameters:
        ///   - mayLackKey: whether the key may be absent, to be generated.
        ///   - tenant: what a name in `tenants` must be, for messages.
        ///   - isTenant: whether there is a tenant of this name.
        package init(
            sources: SettingsSources, mayLackKey: Bool = false, tenant: String,
            _ isTenant: @escaping @Sendable (String) -> Bool
        ) {
            self.sources = sources
            self.mayLackKey = mayLackKey
            self.tenant = tenant
            self.isTenant = isTenant
        }
    }

    let rules: Rules
    let notes: SettingsNotes

    static let keys = [
        "name", "key", "key_file", "key_env", "key_sha256", "tenants", "scopes", "rate", "burst", "expires",
        "client_certificates",
    ]

    package init(_ rules: Rules, notes: SettingsNotes) {
        self.rules = rules
        self.notes = notes
    }

    /// - Parameters:
    ///   - names: the API keys that were read before.
    ///   - credentials: what opens them.
    /// - Returns: nil after a mistake.
    package func key(
        _ node: SettingsNode, at path: String, _ names: inout UniqueNames, _ credentials: inout UniqueCredentials
    ) -> DesiredKey? {
        let subject = "API key \"\(SettingsSection.writtenName(node))\""
        let section = SettingsSection(node, subject: subject, path: path, keys: KeyReader.keys, notes: notes)
        guard let section else { return nil }
        let name = section.text("name", needed: true)
        if let name { names.take(name, section) }
        let certificates = clientCertificates(section)
        let digest = self.digest(section, mayBeAbsent: !certificates.isEmpty || rules.mayLackKey)
        credentials.take(digest ?? [], certificates, section)
        let rate = self.rate(section)
        let expiresAt = self.expiresAt(section)
        let scopes = self.scopes(section)
        guard let tenants = tenants(section), let name, let digest else { return nil }
        return DesiredKey(
            name: name, tenants: tenants,
            settings: APIKey.Settings(
                digest: digest, scopes: scopes, rate: rate, expiresAt: expiresAt, clientCertificates: certificates))
    }

    // MARK: Credentials

    /// SHA-256 of the key, in whichever form it is given; empty where there is none.
    private func digest(_ section: SettingsSection, mayBeAbsent: Bool) -> [UInt8]? {
        let isWritten = SettingsSources.isGiven("key", section)
        if section.has("key_sha256") {
            if isWritten {
                section.note(
                    "key_sha256", .conflict, "cannot be combined with key, key_file or key_env; give one of them")
            }
            guard let digest = section.text("key_sha256").flatMap(Hexadecimal.bytes), digest.count == 32,
                digest != SHA256Digest.of([])
            else {
                section.invalid("key_sha256", nil, expected: "the 64 hex digits that `needletail key new` prints")
                return nil
            }
            return digest
        }
        if !isWritten, mayBeAbsent { return [] }
        guard isWritten else {
            section.missing("key", expected: "one of key, key_file, key_env, key_sha256, client_certificates")
            return nil
        }
        guard let key = rules.sources.one(section, "key") else { return nil }
        let range = Limits.apiKeyBytesLeast...Limits.apiKeyBytesMost
        if !range.contains(key.utf8.count) {
            section.note(
                SettingsSources.givenKey("key", section),
                "has \(key.utf8.count) bytes; expected \(range.lowerBound) to \(range.upperBound)")
        }
        return SHA256Digest.of(key.utf8)
    }

    private func clientCertificates(_ section: SettingsSection) -> [String] {
        guard let texts = section.texts("client_certificates") else { return [] }
        if texts.isEmpty || texts.count > Limits.clientCertificatesPerKey {
            section.note(
                "client_certificates",
                "has \(texts.count) members; expected 1 to \(Limits.clientCertificatesPerKey)")
        }
        return texts.compactMap { text in
            guard text.lowercased().hasPrefix("sha256:") else { return text }
            let digits = text.dropFirst(7).replacing(":", with: "")
            guard let digest = Hexadecimal.bytes(String(digits)), digest.count == 32 else {
                section.invalid("client_certificates", text, expected: "sha256: and 64 hex digits")
                return nil
            }
            return "sha256:" + Hexadecimal.text(digest)
        }
    }

    // MARK: Permissions

    private func tenants(_ section: SettingsSection) -> DesiredKey.Tenants? {
        guard section.has("tenants") else {
            section.missing("tenants", expected: "all, or a list of tenants")
            return nil
        }
        guard let names = section.texts("tenants") else { return nil }
        if names == ["all"], section.node("tenants")?.text != nil { return .all }
        for name in names where !rules.isTenant(name) { section.invalid("tenants", name, expected: rules.tenant) }
        return .only(names)
    }

    private func scopes(_ section: SettingsSection) -> [APIKey.Scope] {
        guard let texts = section.texts("scopes") else { return [.publish(.everything)] }
        if texts.isEmpty || texts.count > Limits.scopesPerKey {
            section.note(
                "scopes",
                "has \(texts.count) members; expected 1 to \(Limits.scopesPerKey), or leave it out for publish")
        }
        return texts.compactMap { text in
            let scope = APIKey.Scope(text)
            if scope == nil {
                section.invalid("scopes", text, expected: APIKey.Scope.expected)
            }
            return scope
        }
    }

    private func rate(_ section: SettingsSection) -> Rate? {
        let burst = section.integer("burst", 1...Limits.keyBurst)
        guard section.has("rate") else {
            if section.has("burst") { section.note("burst", .conflict, "needs rate; give both, or neither") }
            return nil
        }
        return section.integer("rate", 1...Limits.keyEventsPerSecond).map { Rate(perSecond: $0, burst: burst) }
    }

    private func expiresAt(_ section: SettingsSection) -> Int64? {
        guard let text = section.text("expires") else { return nil }
        let time = UTCTime.milliseconds(text)
        if time == nil { section.invalid("expires", text, expected: "a UTC time, as 2027-01-31T12:00:00Z") }
        return time
    }
}

/// Notes a key or a client certificate that would open two API keys: a producer could mean either.
package struct UniqueCredentials {
    private var digests: Set<[UInt8]> = []
    private var certificates: Set<String> = []

    package init() {}

    mutating func take(_ digest: [UInt8], _ certificates: [String], _ section: SettingsSection) {
        if !digest.isEmpty, !digests.insert(digest).inserted {
            section.note("name", sentence: "another API key has the same key; each needs its own", .duplicate)
        }
        for name in certificates where !self.certificates.insert(name.lowercased()).inserted {
            section.note(
                "client_certificates", sentence: "\"\(name)\" is given for another API key, or twice here", .duplicate)
        }
    }
}
