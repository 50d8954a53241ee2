import WebhookModel
import WebhookSigning

/// Reads how an endpoint signs: `signature`, which is the name of a preset or a custom scheme, and the secrets that it
/// needs.
struct SigningReader {
    let section: SettingsSection
    let sources: SettingsSources
    let mayLackSecret: Bool

    static let schemeKeys = ["headers", "signs", "digest", "encoding", "key", "prefix", "separator"]
    static let memberKeys = ["secret", "secret_file", "secret_env", "until"]

    /// The scheme and its live secrets, newest first, each known to be usable; nil after a mistake.
    func read() -> (scheme: SignatureScheme, secrets: [EndpointSecret])? {
        guard let scheme = scheme(), let secrets = secrets(scheme) else { return nil }
        return (scheme, secrets)
    }

    // MARK: Scheme

    private func scheme() -> SignatureScheme? {
        guard let node = section.node("signature") else { return .standard }
        guard node.map == nil else { return custom() }
        guard let name = section.text("signature") else { return nil }
        guard let preset = SignatureScheme.named(name) else {
            let known = SignatureScheme.all.map(\.name)
            section.note(
                "signature", sentence: "unknown scheme \(Shown.name(name))\(NearestName.hint(for: name, among: known))")
            return nil
        }
        return preset
    }

    private func custom() -> SignatureScheme? {
        guard let own = section.section("signature", keys: SigningReader.schemeKeys) else { return nil }
        let digest = choice(own, "digest", [.sha256, .sha512, .sha1]) ?? SignatureScheme.Algorithm.sha256
        let encoding = choice(own, "encoding", SignatureScheme.Encoding.allCases) ?? .hex
        let form = choice(own, "key", [.raw, .base64, .whsec]) ?? SecretForm.raw
        guard let headers = headers(own), let text = own.text("signs", needed: true) else { return nil }
        let signs: MessageTemplate
        do throws(SignatureSchemeError) { signs = try MessageTemplate(text) } catch {
            own.note("signs", sentence: error.description)
            return nil
        }
        do throws(SignatureSchemeError) {
            return try SignatureScheme(
                headers: headers, signs: signs, algorithm: digest, encoding: encoding, secretForm: form,
                prefix: own.text("prefix") ?? "", separator: own.text("separator"))
        } catch {
            section.note("signature", sentence: error.description)
            return nil
        }
    }

    private func headers(_ own: SettingsSection) -> [SignatureScheme.Header]? {
        guard let entries = own.node("headers")?.map else {
            own.invalid("headers", nil, expected: "a map of header names to values, one of them with {signature}")
            return nil
        }
        var headers: [SignatureScheme.Header] = []
        for entry in entries {
            let path = own.pointer("headers", entry.name)
            guard let text = entry.value.text else {
                own.invalid("headers", nil, expected: "texts as values", at: entry.value, path)
                return nil
            }
            do throws(SignatureSchemeError) {
                headers.append(SignatureScheme.Header(entry.name, try MessageTemplate(text)))
            } catch {
                own.note("headers", sentence: error.description, at: entry.value, path)
                return nil
            }
        }
        return headers
    }

    private func choice<Value: RawRepresentable<String>>(
        _ own: SettingsSection, _ key: String, _ values: [Value]
    ) -> Value? {
        own.choice(key, among: values.map(\.rawValue)) { text in values.first { $0.rawValue == text } }
    }

    // MARK: Secrets

    private func secrets(_ scheme: SignatureScheme) -> [EndpointSecret]? {
        let several = section.has("secrets")
        let single = SettingsSources.isGiven("secret", section)
        if several, single {
            section.note(
                "secrets", .conflict, "cannot be combined with secret, secret_file or secret_env; give one of them")
            return nil
        }
        if !several, !single, mayLackSecret { return [] }
        let secrets = several ? members() : sources.one(section, "secret").map { [EndpointSecret($0)] }
        guard let secrets else { return nil }
        do throws(SigningSecretError) {
            let set = try SecretSet(written: secrets.map { ($0.text, $0.until) }, form: scheme.secretForm)
            guard set.canSign else { throw .cannotSign }
            return secrets
        } catch {
            let key = several ? "secrets" : SettingsSources.givenKey("secret", section)
            section.note(key, sentence: error.description + SigningReader.remedy(for: error, scheme.secretForm))
            return nil
        }
    }

    /// The way that works for a secret that another sender has made: its form differs from what the scheme requires.
    private static func remedy(for error: SigningSecretError, _ form: SecretForm) -> String {
        guard form == .whsec || form == .base64 else { return "" }
        switch error {
        case .wrongPrefix, .notBase64, .wrongLength:
            return
                "; to keep a secret that another sender made, write the scheme as a map (signature: { headers: …, signs: … }) "
                + "with key: raw, where the text of the secret is the key, or key: base64, where its decoded bytes are"
        default: return ""
        }
    }

    /// Members of `secrets`: texts, or maps with a source and perhaps an end. Nil after a mistake.
    private func members() -> [EndpointSecret]? {
        guard section.node("secrets")?.list != nil else {
            section.invalid("secrets", nil, expected: "a list, newest first")
            return nil
        }
        let members = section.members("secrets")
        let secrets = members.compactMap { member($0.node, $0.path) }
        return secrets.count == members.count ? secrets : nil
    }

    private func member(_ node: SettingsNode, _ path: String) -> EndpointSecret? {
        if node.map == nil {
            guard let text = section.text(of: node) else {
                section.invalid("secrets", nil, expected: "texts, or maps with secret and until", at: node, path)
                return nil
            }
            return EndpointSecret(text)
        }
        let own = section.section(node, "secrets", path: path, keys: SigningReader.memberKeys)
        guard let own, let text = sources.one(own, "secret") else { return nil }
        guard own.has("until") else { return EndpointSecret(text) }
        // A larger number would be milliseconds.
        let times = Int(Limits.earliestTime / 1_000)...Int(Limits.latestTime / 1_000)
        guard let until = own.integer("until", times) else { return nil }
        return EndpointSecret(text, until: Int64(until))
    }
}
