import WebhookModel
import WebhookSigning
import Yams

/// Reads how an endpoint signs: `signature`, a preset's name or a scheme of the owner's own, and the secrets that it asks for.
struct SigningReader {
    let section: ProvisioningSection
    let sources: SecretSources

    static let schemeKeys = ["headers", "signs", "digest", "encoding", "key", "prefix", "separator"]
    static let memberKeys = ["secret", "secret_file", "secret_env", "until"]

    /// The scheme and its live secrets, newest first, each known to be usable; nil where something is wrong, which is noted.
    func read() -> (scheme: SignatureScheme, secrets: [EndpointSecret])? {
        guard let scheme = scheme(), let secrets = secrets(scheme) else { return nil }
        return (scheme, secrets)
    }

    // MARK: Scheme

    private func scheme() -> SignatureScheme? {
        guard let node = section.node("signature") else { return .standard }
        guard node.mapping == nil else { return custom(node) }
        guard let name = section.text("signature") else { return nil }
        guard let preset = SignatureScheme.named(name) else {
            let known = SignatureScheme.all.map(\.name)
            section.note("signature", "there is no scheme \"\(name)\"\(NearestName.hint(for: name, among: known))")
            return nil
        }
        return preset
    }

    private func custom(_ node: Node) -> SignatureScheme? {
        let own = ProvisioningSection(
            node, label: "\(section.label): signature", keys: SigningReader.schemeKeys, notes: section.notes,
            number: section.number)
        guard let own else { return nil }
        let digest = choice(own, "digest", [.sha256, .sha512, .sha1]) ?? SignatureScheme.Algorithm.sha256
        let encoding = choice(own, "encoding", SignatureScheme.Encoding.allCases) ?? .hex
        let form = choice(own, "key", [.raw, .base64, .whsec]) ?? SecretForm.raw
        guard let headers = headers(own), let text = own.text("signs", needed: true) else { return nil }
        let signs: MessageTemplate
        do throws(SignatureSchemeError) { signs = try MessageTemplate(text) } catch {
            own.note("signs", error.description)
            return nil
        }
        do throws(SignatureSchemeError) {
            return try SignatureScheme(
                headers: headers, signs: signs, algorithm: digest, encoding: encoding, secretForm: form,
                prefix: own.text("prefix") ?? "", separator: own.text("separator"))
        } catch {
            section.note("signature", error.description)
            return nil
        }
    }

    private func headers(_ own: ProvisioningSection) -> [SignatureScheme.Header]? {
        guard let pairs = own.node("headers")?.mapping else {
            own.note("headers", "give a mapping of header names to values, one with {signature}")
            return nil
        }
        var headers: [SignatureScheme.Header] = []
        for (key, value) in pairs {
            guard let name = key.scalar?.string, let text = value.scalar?.string else {
                own.notes.add(value.mark, "\(own.label): headers: names and values are texts")
                return nil
            }
            do throws(SignatureSchemeError) {
                headers.append(SignatureScheme.Header(name, try MessageTemplate(text)))
            } catch {
                own.notes.add(value.mark, "\(own.label): headers: \(error.description)")
                return nil
            }
        }
        return headers
    }

    private func choice<Value: RawRepresentable<String>>(
        _ own: ProvisioningSection, _ key: String, _ values: [Value]
    ) -> Value? {
        guard let text = own.text(key) else { return nil }
        let value = values.first { $0.rawValue == text }
        if value == nil {
            own.note(key, "\"\(text)\" is no good; give one of \(values.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    // MARK: Secrets

    private func secrets(_ scheme: SignatureScheme) -> [EndpointSecret]? {
        let several = section.has("secrets")
        if several, SecretSources.isGiven("secret", section) {
            section.note("secrets", "stands beside secret, secret_file or secret_env; give one of them")
            return nil
        }
        let secrets = several ? members() : sources.one(section, "secret").map { [EndpointSecret($0)] }
        guard let secrets else { return nil }
        do throws(SigningSecretError) {
            let set = try SecretSet(written: secrets.map { ($0.text, $0.until) }, form: scheme.secretForm)
            guard set.canSign else { throw .cannotSign }
            return secrets
        } catch {
            section.note(several ? "secrets" : SecretSources.givenKey("secret", section), error.description)
            return nil
        }
    }

    /// Members of `secrets`: texts, or mappings with a source and perhaps an end. Nil where one is wrong.
    private func members() -> [EndpointSecret]? {
        if section.node("secrets")?.mapping != nil || section.node("secrets")?.scalar != nil {
            section.note("secrets", "must be a list, newest first")
            return nil
        }
        var secrets: [EndpointSecret] = []
        var isWhole = true
        for node in section.members("secrets") {
            if let secret = member(node) { secrets.append(secret) } else { isWhole = false }
        }
        return isWhole ? secrets : nil
    }

    private func member(_ node: Node) -> EndpointSecret? {
        if node.mapping == nil {
            guard let text = section.text(of: node) else {
                section.notes.add(
                    node.mark, "\(section.label): secrets: must hold texts, or mappings with secret and until")
                return nil
            }
            return EndpointSecret(text)
        }
        let own = ProvisioningSection(
            node, label: "\(section.label): secrets", keys: SigningReader.memberKeys, notes: section.notes,
            number: section.number)
        guard let own, let text = sources.one(own, "secret") else { return nil }
        guard own.has("until") else { return EndpointSecret(text) }
        // Milliseconds would be a mistake of unit.
        let times = Int(Limits.earliestTime / 1_000)...Int(Limits.latestTime / 1_000)
        guard let until = own.integer("until", times) else { return nil }
        return EndpointSecret(text, until: Int64(until))
    }
}
