import NeedletailServer
import Settings
import Testing
import WebhookModel

@Suite struct KeyReaderTests {
    private static let digest = String(repeating: "0a", count: 32)

    private func keys(_ entry: String) throws(InputMistakes) -> [DesiredKey] {
        try ProvisioningPlan.load(
            text: "tenants: [{ name: acme }]\napi_keys:\n  - { name: k, \(entry) }", named: "p.yaml"
        ).keys
    }

    @Test func everySettingOfAKeyIsRead() throws {
        let keys = try keys(
            """
            key_sha256: \(Self.digest), tenants: [acme], scopes: [publish:order.*, read], rate: 500, burst: 2000,
            expires: 2027-01-31T12:00:00Z, client_certificates: [shop.example, "SHA256:\(String(repeating: "AB:", count: 31))AB"]
            """)
        #expect(
            keys == [
                DesiredKey(
                    name: "k", tenants: .only(["acme"]),
                    settings: APIKey.Settings(
                        digest: Array(repeating: 10, count: 32), scopes: [.publish(.prefix("order.")), .read],
                        rate: Rate(perSecond: 500, burst: 2_000), expiresAt: 1_801_396_800_000,
                        clientCertificates: ["shop.example", "sha256:" + String(repeating: "ab", count: 32)]))
            ])
    }

    @Test func missingSettingsHaveDefaults() throws {
        let settings = try #require(try keys("key: 0123456789abcdef, tenants: all, rate: 7").first).settings
        #expect(settings.scopes == [.publish(.everything)] && settings.expiresAt == nil)
        #expect(settings.rate == Rate(perSecond: 7, burst: 7))
    }

    @Test func aCertificateAloneIsEnough() throws {
        let key = try #require(try keys("tenants: all, client_certificates: shop.example").first)
        #expect(key.settings.digest == [] && key.settings.clientCertificates == ["shop.example"])
    }

    @Test(arguments: [
        (
            "scopes: [publsh]",
            "invalid value \"publsh\" for scopes; expected publish, publish:order.*, read, manage or one of webhooks:read"
        ),
        ("scopes: [\"publish:a*b\"]", "invalid value \"publish:a*b\" for scopes"),
        ("scopes: []", "scopes has 0 members; expected 1 to 64"),
        ("rate: 0", "invalid value \"0\" for rate; expected a whole number from 1 to 10000000"),
        ("burst: 5", "burst needs rate"),
        ("expires: 2027-02-30T00:00:00Z", "invalid value \"2027-02-30T00:00:00Z\" for expires; expected a UTC time"),
        ("expires: tomorrow", "invalid value \"tomorrow\" for expires"),
        (
            "client_certificates: [\"sha256:12\"]",
            "invalid value \"sha256:12\" for client_certificates; expected sha256: and 64 hex digits"
        ),
        ("client_certificates: []", "client_certificates has 0 members; expected 1 to 64"),
        ("client_certificates: [a, A]", "client_certificates: \"A\" is given for another API key, or twice here"),
        ("key_sha256: \(KeyReaderTests.digest)", "key_sha256 cannot be combined with key, key_file or key_env"),
        ("scope: publish", "unknown field \"scope\"; did you mean scopes?"),
    ])
    func aMistakeIsTold(entry: String, expected: String) {
        let error = #expect(throws: InputMistakes.self) { try keys("key: 0123456789abcdef, tenants: all, \(entry)") }
        #expect(error?.lines.count == 1, "\(error?.lines ?? [])")
        #expect(error?.lines.first?.hasPrefix("p.yaml:3:") == true, "\(error?.lines ?? [])")
        #expect(error?.lines.first?.contains("API key \"k\": \(expected)") == true, "\(error?.lines ?? [])")
    }

    @Test(arguments: [
        "12", "zz",
        // The digest of nothing: every HELLO without a key would open it.
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ])
    func aBadDigestIsReported(text: String) {
        let error = #expect(throws: InputMistakes.self) { try keys("tenants: all, key_sha256: \"\(text)\"") }
        #expect(error?.lines.first?.contains("expected the 64 hex digits that `needletail key new` prints") == true)
    }

    @Test func twoKeysWithOneTextAreReported() {
        let error = #expect(throws: InputMistakes.self) {
            try keys("key: 0123456789abcdef, tenants: all }\n  - { name: l, key: 0123456789abcdef, tenants: all")
        }
        #expect(error?.lines.count == 1)
        #expect(error?.lines.first?.contains("API key \"l\": name: another API key has the same key") == true)
    }

    @Test func aNewKeyMatchesItsDigest() throws {
        let fresh = NewAPIKey()
        #expect(fresh.text.wholeMatch(of: /ntk_[A-Za-z0-9_-]{43}/) != nil, "\(fresh.text)")
        #expect(NewAPIKey().text != fresh.text)
        let given = try #require(try keys("tenants: all, key_sha256: \"\(fresh.digest)\"").first)
        for name in ["shop", "a: b", "\"quoted\" \\ back", "12", "yes"] {
            let plan = try ProvisioningPlan.load(
                text: ("api_keys:\n" + fresh.entry(named: name)).whole, named: "p.yaml")
            #expect(plan.keys == [DesiredKey(name: name, tenants: .all, settings: given.settings)])
        }
        let written = try #require(try keys("tenants: all, key: \(fresh.text)").first)
        #expect(given == written)
    }
}
