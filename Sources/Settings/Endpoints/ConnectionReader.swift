import WebhookModel

/// Reads how an endpoint is reached: its networks, client certificate, authorities, pinned keys, proxy and HTTP
/// version.
struct ConnectionReader {
    let section: SettingsSection
    let sources: SettingsSources
    /// Whether the URL is https; true after a mistake in it.
    let isSecure: Bool

    static let keys = [
        "allow_networks", "deny_networks", "client_certificate_file", "client_key_file", "ca_file", "pinned_key",
        "proxy", "http2",
    ]
    private static let tlsKeys = ["client_certificate_file", "client_key_file", "ca_file", "pinned_key", "http2"]
    private static let proxyKeys = ["url", "user", "password", "password_file", "password_env"]

    /// What was chosen; nil: nothing. What is wrong is noted and left out.
    func read() -> EndpointConnection? {
        guard ConnectionReader.keys.contains(where: section.has) else { return nil }
        var connection = EndpointConnection()
        connection.allowNetworks = ConnectionReader.networks("allow_networks", section)
        connection.denyNetworks = ConnectionReader.networks("deny_networks", section)
        connection.identity = identity()
        connection.authorities = section.has("ca_file") ? file("ca_file").flatMap { certificates($0, "ca_file") } : nil
        connection.pinnedKeys = pinnedKeys()
        connection.proxy = proxy()
        connection.http2 = section.choice("http2", among: ["auto", "true", "false"]) { $0 != "false" } ?? true
        if !isSecure {
            // Without TLS it is HTTP/1.1 in any case.
            let harmless = ["auto", "false"]
            for key in ConnectionReader.tlsKeys
            where section.has(key) && !harmless.contains(section.node(key)?.text ?? "") {
                section.note(key, .conflict, "needs an https URL; change url to https, or remove this")
            }
        }
        if !isSecure { connection.http2 = true }
        return connection == EndpointConnection() ? nil : connection
    }

    /// A list of networks, for endpoints and for tenants.
    static func networks(_ key: String, _ section: SettingsSection) -> [String] {
        guard let texts = section.texts(key) else { return [] }
        if texts.isEmpty { section.note(key, "is empty; leave it out") }
        if texts.count > Limits.networksPerList {
            section.note(key, "has \(texts.count) members; at most \(Limits.networksPerList) are allowed")
        }
        return texts.filter { text in
            do throws(NetworkEntryError) {
                _ = try NetworkEntry(text)
                return true
            } catch {
                section.invalid(key, text, expected: NetworkEntryError.expected)
                return false
            }
        }
    }

    private func identity() -> ClientIdentity? {
        let given = ["client_certificate_file", "client_key_file"].filter(section.has)
        guard !given.isEmpty else { return nil }
        guard given.count == 2 else {
            let missing = given[0] == "client_key_file" ? "client_certificate_file" : "client_key_file"
            section.note(missing, .missing, "is missing; \(given[0]) needs it")
            return nil
        }
        guard let certificateText = file("client_certificate_file"), let keyText = file("client_key_file"),
            let certificates = certificates(certificateText, "client_certificate_file")
        else { return nil }
        do throws(PEMText.Mistake) {
            return ClientIdentity(certificates: certificates, key: try PEMText.key(keyText, of: certificates))
        } catch {
            section.note("client_key_file", sentence: "\(path("client_key_file")) \(error.words)")
            return nil
        }
    }

    private func certificates(_ text: String, _ key: String) -> String? {
        do throws(PEMText.Mistake) {
            let certificates = try PEMText.certificates(text)
            if certificates.utf8.count <= Limits.pemBytes { return certificates }
            section.note(
                key, sentence: "\(path(key)) contains more than \(Limits.pemBytes / 1_024) KiB of certificates")
        } catch {
            section.note(key, sentence: "\(path(key)) \(error.words)")
        }
        return nil
    }

    private func path(_ key: String) -> String { sources.resolved(section.node(key)?.text ?? "") }

    private func file(_ key: String) -> String? {
        section.text(key).flatMap { sources.text(ofFile: $0, section, key) }
    }

    /// `sha256//` and the base64 of 32 bytes, as curl's --pinnedpubkey expects them.
    private func pinnedKeys() -> [String] {
        guard let texts = section.texts("pinned_key") else { return [] }
        if texts.count > Limits.pinnedKeys {
            section.note("pinned_key", "has \(texts.count) members; at most \(Limits.pinnedKeys) are allowed")
        }
        return texts.filter { text in
            let digest = text.dropFirst("sha256//".count)
            let isDigest =
                text.hasPrefix("sha256//") && digest.utf8.count == 44 && digest.hasSuffix("=")
                && digest.dropLast().utf8.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F: true
                    default: false
                    }
                }
            if !isDigest {
                section.invalid(
                    "pinned_key", text,
                    expected: "sha256// and the base64 of the SHA-256 of the certificate's public key (DER)")
            }
            return isDigest
        }
    }

    private func proxy() -> ProxyChoice? {
        guard let node = section.node("proxy") else { return nil }
        guard node.map != nil else {
            guard let text = section.text("proxy") else { return nil }
            if text == "direct" { return .direct }
            return proxy(text, section, "proxy").map { .through($0) }
        }
        let own = section.section("proxy", keys: ConnectionReader.proxyKeys)
        guard let own, let text = own.text("url", needed: true), var proxy = proxy(text, own, "url") else { return nil }
        if own.has("user") || SettingsSources.isGiven("password", own) {
            guard let user = own.text("user", needed: true), let password = sources.one(own, "password") else {
                return nil
            }
            if let mistake = EgressProxy.mistake(inUser: user) { own.note("user", mistake) }
            if let mistake = EgressProxy.mistake(inPassword: password) {
                own.note(SettingsSources.givenKey("password", own), mistake)
            }
            proxy.user = user
            proxy.password = password
        }
        return .through(proxy)
    }

    private func proxy(_ text: String, _ section: SettingsSection, _ key: String) -> EgressProxy? {
        do throws(ProxyMistake) { return try EgressProxy(written: text) } catch {
            section.note(key, error.statement)
            return nil
        }
    }
}
