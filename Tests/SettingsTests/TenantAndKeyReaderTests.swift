import Settings
import Testing
import WebhookModel
import WebhookSigning

@Suite struct TenantAndKeyReaderTests {
    @Test func `a tenant is read`() throws {
        let json =
            "{\"name\": \"acme\", \"enabled\": false, \"weight\": 3, \"retry\": {\"delays\": [\"1s\"]}, \"backlog\": 10}"
        let tenant = try TenantSettingsReader().read(SettingsJSON.parse(json.utf8)).get()
        var settings = Tenant.Settings()
        settings.weight = 3
        settings.retry = RetryPolicy(delays: [1_000])
        settings.backlog = 10
        #expect(tenant == DesiredTenant(name: "acme", enabled: false, settings: settings))
    }

    @Test func `a tenant's mistakes are reported with their fields`() throws {
        let json = "{\"name\": \"a b\", \"weight\": 0, \"endpoints\": [], \"rate\": {\"per_second\": 0}}"
        guard case .failure(let mistakes) = TenantSettingsReader().read(try SettingsJSON.parse(json.utf8), at: "/t")
        else {
            Issue.record("no mistake")
            return
        }
        #expect(mistakes.list.map(\.path) == ["/t/endpoints", "/t/rate/per_second", "/t/weight", "/t/name"])
        #expect(mistakes.list.map(\.code) == [.unknownField, .invalid, .invalid, .invalid])
        #expect(mistakes.list.allSatisfy { $0.subject == "tenant \"a b\"" })
    }

    private func key(_ json: String, mayLackKey: Bool = false) throws -> Result<DesiredKey, SettingsMistakes> {
        KeySettingsReader(mayLackKey: mayLackKey) { $0 == "acme" }.read(try SettingsJSON.parse(json.utf8))
    }

    @Test func `a key is read`() throws {
        let read = try key(
            "{\"name\": \"shop\", \"key\": \"0123456789abcdef\", \"tenants\": [\"acme\"], \"scopes\": [\"read\"], \"rate\": 5}"
        ).get()
        #expect(
            read
                == DesiredKey(
                    name: "shop", tenants: .only(["acme"]),
                    settings: APIKey.Settings(
                        digest: SHA256Digest.of("0123456789abcdef".utf8), scopes: [.read], rate: Rate(perSecond: 5))))
    }

    @Test func `a key may be absent where the caller makes one`() throws {
        let json = "{\"name\": \"shop\", \"tenants\": \"all\"}"
        #expect(try key(json, mayLackKey: true).get().settings.digest == [])
        guard case .failure(let mistakes) = try key(json) else {
            Issue.record("no mistake")
            return
        }
        #expect(mistakes.list.map(\.path) == ["/key"] && mistakes.list.map(\.code) == [.missing])
    }

    @Test(arguments: [
        ("\"tenants\": [\"beta\"]", "/tenants", "invalid value \"beta\" for tenants; expected the name of a tenant"),
        ("\"tenants\": \"all\", \"key_file\": \"/etc/passwd\"", "/key", "key is given 2 times"),
        ("\"tenants\": \"all\", \"expires\": \"2027-02-30T00:00:00Z\"", "/expires", "expected a UTC time"),
        ("\"tenants\": \"all\", \"scopes\": [\"publsh\"]", "/scopes", "invalid value \"publsh\" for scopes"),
        ("\"tenants\": \"all\", \"burst\": 5", "/burst", "burst needs rate; give both, or neither"),
    ])
    func `a key's mistakes are reported with their fields`(fields: String, path: String, detail: String) throws {
        guard case .failure(let mistakes) = try key("{\"name\": \"k\", \"key\": \"0123456789abcdef\", \(fields)}")
        else {
            Issue.record("no mistake")
            return
        }
        #expect(mistakes.list.map(\.path) == [path])
        #expect(mistakes.list[0].detail.contains(detail), "\(mistakes.list)")
        #expect(mistakes.list[0].subject == "API key \"k\"")
    }
}
