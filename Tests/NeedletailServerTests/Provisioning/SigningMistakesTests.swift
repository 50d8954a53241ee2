import NeedletailServer
import Settings
import Testing
import WebhookModel
import WebhookSigning

@Suite struct SigningMistakesTests {
    private func load(_ lines: String) throws(InputMistakes) -> Endpoint.Settings {
        let text =
            "tenants:\n- name: acme\n  endpoints:\n  - name: orders\n    url: https://a.example/\n" + lines + "\n"
        let plan = try ProvisioningPlan.load(
            text: text.whole, named: "p.yaml", environment: ["TOKEN": "Bearer x", "OLD": secretText])
        return plan.tenants[0].endpoints[0].settings
    }

    private func mistakes(_ lines: String) -> [String] {
        do {
            _ = try load(lines)
            return []
        } catch {
            return error.lines
        }
    }

    // F35: secrets brought from another sender were refused, and no message named the way that works.
    @Test(arguments: [
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  // no prefix
        "whsec_AAECAwQFBgcICQoLDA0ODw==",  // 16 bytes
        "whsec_" + String(repeating: "AAAA", count: 25),  // 75 bytes
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_",  // base64 for URLs
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",  // not padded
    ])
    func `a secret of another sender is refused with the way that works`(secret: String) throws {
        let lines = mistakes("    secret: \"\(secret)\"")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("with key: raw, where the text of the secret is the key") == true, "\(lines)")
        #expect(lines.first?.contains(secret) == false)
        let raw = """
                secret: "\(secret)"
                signature: { headers: { X-S: "{signature}" }, signs: "{body}", key: raw }
            """
        #expect(try load(raw).secrets == [EndpointSecret(secret)])
    }

    @Test func `every setting of messages is read`() throws {
        let settings = try load(
            """
                signature: stripe
                secrets:
                  - whsec_of_any_form_1234
                  - { secret_env: OLD, until: 1900000000 }
                body: envelope
                headers:
                  Authorization: { value_env: TOKEN }
                  X-Team: blue team
            """)
        #expect(settings.scheme == "stripe")
        #expect(
            settings.secrets == [
                EndpointSecret("whsec_of_any_form_1234"), EndpointSecret(secretText, until: 1_900_000_000),
            ])
        #expect(settings.body == .envelope)
        #expect(settings.headers == [CustomHeader("Authorization", "Bearer x"), CustomHeader("X-Team", "blue team")])
    }

    @Test func `a custom scheme is read`() throws {
        let settings = try load(
            """
                signature:
                  headers: { X-Acme-Signature: "t={timestamp},{signature}", X-Acme-Id: "{id}" }
                  signs: "{timestamp}.{id}.{body}"
                  digest: sha512
                  encoding: base64
                  key: base64
                  prefix: "v1="
                  separator: ","
                secret: AAECAwQFBgcICQoLDA0ODw==
            """)
        let scheme = try SignatureScheme(written: settings.scheme)
        #expect(scheme.headers.map(\.name) == ["X-Acme-Signature", "X-Acme-Id"])
        #expect(scheme.signs.text == "{timestamp}.{id}.{body}")
        #expect(scheme.algorithm == .sha512 && scheme.encoding == .base64 && scheme.secretForm == .base64)
        #expect(scheme.prefix == "v1=" && scheme.separator == ",")
    }

    @Test(arguments: SignatureScheme.all) func `every preset is known by its name`(scheme: SignatureScheme) throws {
        let secret = SigningSecret.generate(scheme.secretForm).reveal()
        #expect(try load("    signature: \(scheme.name)\n    secret: \(secret)").scheme == scheme.name)
    }

    @Test(arguments: [
        (
            "signature: stirpe\n    secret: \"\(secretText)\"", 6,
            "signature: unknown scheme \"stirpe\"; did you mean stripe?"
        ),
        (
            "signature: { headers: { X-S: \"{signature}\" } }\n    secret: \"\(secretText)\"", 6,
            "signature.signs is missing"
        ),
        (
            "signature: { signs: \"{body}\" }\n    secret: \"\(secretText)\"", 6,
            "invalid value for signature.headers; expected a map"
        ),
        (
            "signature: { headers: { X-S: \"{sig}\" }, signs: \"{body}\" }\n    secret: \"\(secretText)\"", 6,
            "signature.headers: \"{sig}\": unknown or unclosed placeholder"
        ),
        (
            "signature: { headers: { X-S: \"{signature}\" }, signs: \"{body\" }\n    secret: \"\(secretText)\"", 6,
            "signature.signs: \"{body\": unknown or unclosed placeholder"
        ),
        (
            "signature: { headers: { X-S: \"{signature}\" }, signs: \"{timestamp}{body}\" }\n    secret: \"\(secretText)\"",
            6, "{timestamp} is signed, but no header carries it"
        ),
        (
            "signature: { headers: { X-S: \"{signature}\" }, signs: \"{body}\", digest: md5 }\n    secret: \"\(secretText)\"",
            6, "invalid value \"md5\" for signature.digest; expected one of sha256, sha512, sha1"
        ),
        (
            "signature: { headers: { X-S: \"{signature}\" }, signs: \"{body}\", key: pem }\n    secret: \"\(secretText)\"",
            6, "invalid value \"pem\" for signature.key; expected one of raw, base64, whsec"
        ),
        (
            "signature: { header: x, headers: { X-S: \"{signature}\" }, signs: \"{body}\" }\n    secret: \"\(secretText)\"",
            6, "unknown field \"signature.header\"; did you mean headers?"
        ),
        (
            "secrets: [{ secret: \"\(secretText)\", until: 1900000000 }]", 6,
            "secrets: the first secret is the newest and must not expire"
        ),
        (
            "secrets: [\"\(secretText)\", { secret: \"\(secretText)\", until: 1900000000000 }]", 6,
            "invalid value \"1900000000000\" for secrets.until"
        ),
        (
            "secrets: [\"\(secretText)\", { until: 1900000000 }]", 6,
            "secrets.secret is missing; expected one of secret, secret_file, secret_env"
        ),
        (
            "signature: standard-ed25519\n    secret: \"\(secretText)\"", 7,
            "secret: an Ed25519 key must begin with whsk_"
        ),
        (
            "signature: standard-ed25519\n    secret: whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA=", 7,
            "secret: a public key (whpk_) cannot sign"
        ),
        (
            "secret: \"\(secretText)\"\n    body: xml", 7,
            "invalid value \"xml\" for body; expected one of raw, envelope"
        ),
        (
            "secret: \"\(secretText)\"\n    headers: [a]", 7,
            "invalid value for headers; expected a map of names to values"
        ),
        ("secret: \"\(secretText)\"\n    headers: { \"X A\": b }", 7, "headers.X A: a name holds letters, digits"),
        (
            "secret: \"\(secretText)\"\n    headers: { Host: b }", 7,
            "headers.Host: is set by the dispatcher or by HTTP itself"
        ),
        (
            "secret: \"\(secretText)\"\n    headers: { Webhook-Id: b }", 7,
            "headers.Webhook-Id: is set by the dispatcher"
        ),
        (
            "secret: \"\(secretText)\"\n    headers: { X-A: \"hidden\\r\\nX-B: c\" }", 7,
            "headers.X-A: its value contains characters other than visible ASCII"
        ),
        (
            "secret: \"\(secretText)\"\n    headers: { X-A: \"hidden\\0\" }", 7,
            "headers.X-A: its value contains characters other than visible ASCII"
        ),
        ("secret: \"\(secretText)\"\n    headers: { X-A: a, x-a: b }", 7, "headers.x-a: is given twice"),
        (
            "signature: github\n    secret: \"\(secretText)\"\n    headers: { X-GitHub-Event: b }", 8,
            "headers.X-GitHub-Event: is set by the signature scheme"
        ),
        (
            "secret: \"\(secretText)\"\n    headers: { X-A: { value_env: NOWHERE } }", 7,
            "headers.X-A.value_env: the environment variable NOWHERE is not set"
        ),
        ("secret: \"\(secretText)\"\n    headers: { X-A: [] }", 7, "headers.X-A: expected a text, or a map"),
    ])
    func `each mistake is reported with its line, and without a secret`(lines: String, line: Int, expected: String) {
        let told = mistakes("    " + lines)
        #expect(told.count == 1, "\(told)")
        #expect(told.first?.hasPrefix("p.yaml:\(line):") == true && told.first?.contains(expected) == true, "\(told)")
        #expect(told.first?.contains(secretText) == false && told.first?.contains("hidden") == false)
    }

    @Test func `headers are bounded in number and bytes`() {
        let many = (0..<33).map { "X-\($0): v" }.joined(separator: ", ")
        #expect(
            mistakes("    secret: \"\(secretText)\"\n    headers: { \(many) }").first?.contains(
                "headers has 33 members; at most 32")
                == true)
        let long = (0..<5).map { "X-\($0): \(String(repeating: "v", count: 1_000))" }.joined(separator: ", ")
        #expect(
            mistakes("    secret: \"\(secretText)\"\n    headers: { \(long) }").first?.contains(
                "has 5035 bytes; at most 4096") == true)
    }
}
