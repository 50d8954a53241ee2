import Settings
import TestSupport
import Testing
import WebhookModel

let secretText = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

/// The entry points as an API calls them: one JSON document, no files, no variables.
@Suite struct EndpointSettingsReaderTests {
    private func read(
        _ json: String, _ reader: EndpointSettingsReader = EndpointSettingsReader(), at path: String = ""
    ) throws -> Result<DesiredEndpoint, SettingsMistakes> {
        reader.read(try SettingsJSON.parse(json.utf8), at: path)
    }

    private func mistakes(
        _ json: String, _ reader: EndpointSettingsReader = EndpointSettingsReader(), at path: String = ""
    ) throws -> [SettingsMistake] {
        switch try read(json, reader, at: path) {
        case .success: []
        case .failure(let mistakes): mistakes.list
        }
    }

    /// An endpoint that is valid but for the given fields.
    private func endpoint(_ fields: String) -> String {
        "{\"name\": \"orders\", \"url\": \"https://a.example/\", \"secret\": \"\(secretText)\", \(fields)}"
    }

    @Test func `an endpoint is read`() throws {
        let endpoint = try read(
            """
            {"name": "orders", "url": "HTTPS://A.example", "secret": "\(secretText)", "window": 4, "events": ["order.*"],
             "rate": {"per_second": 7}, "headers": {"X-Team": "blue"}, "enabled": false, "timeout": "20s"}
            """
        ).get()
        var settings = Endpoint.Settings(
            url: "https://a.example/", subscription: Subscription([.prefix("order.")]), secrets: [secretText],
            window: 4,
            timeout: 20_000, enabled: false)
        settings.rate = Rate(perSecond: 7)
        settings.headers = [CustomHeader("X-Team", "blue")]
        #expect(endpoint == DesiredEndpoint(name: "orders", settings: settings))
    }

    @Test func `all mistakes are reported at once, each with its field`() throws {
        let found = try mistakes(
            """
            {"url": "ftp://a.example/", "secret": "short", "windwo": 3, "retry": {"delays": ["5s", "x"], "factor": 2},
             "headers": {"X-A/B": "v", "Host": "h"}, "allow_networks": ["ten"], "batch": {"max_events": 0}}
            """, at: "/endpoints/0")
        #expect(
            found.map(\.path) == [
                "/endpoints/0/windwo", "/endpoints/0/name", "/endpoints/0/url", "/endpoints/0/secret",
                "/endpoints/0/headers/X-A~1B", "/endpoints/0/headers/Host", "/endpoints/0/retry/factor",
                "/endpoints/0/retry/delays", "/endpoints/0/batch/max_events", "/endpoints/0/allow_networks",
            ])
        #expect(
            found.map(\.code) == [
                .unknownField, .missing, .invalid, .invalid, .invalid, .invalid, .conflict, .invalid, .invalid,
                .invalid,
            ])
        #expect(found[0].detail == "unknown field \"windwo\"; did you mean window?")
        #expect(found[1].detail == "name is missing")
        #expect(
            found[2].detail
                == "invalid value \"ftp://a.example/\" for url; expected a URL that begins with https:// or http://")
        #expect(
            found[7].detail == "invalid value \"x\" for retry.delays; expected durations up to 7d, as [5s, 30s, 2m]")
        #expect(found.allSatisfy { $0.subject == "endpoint \"?\"" && !$0.text.contains("short") })
        #expect(found[0].position == SettingsPosition(line: 1, column: 48))
    }

    @Test(arguments: [
        ("\"secret\": null", "/secret", SettingsMistake.Code.invalid, "invalid value for secret; expected a text"),
        ("\"secrets\": [\"x\", {\"secret\": \"y\", \"until\": 1}]", "/secrets/1/until", .invalid, "for secrets.until;"),
        ("\"secrets\": [[]]", "/secrets/0", .invalid, "invalid value for secrets; expected texts, or maps"),
        ("\"secret\": \"s\", \"secrets\": []", "/secrets", .conflict, "secrets cannot be combined with secret"),
        ("\"secret_file\": \"/etc/passwd\"", "/secret_file", .invalid, "only the provisioning file may name files"),
        (
            "\"secret_env\": \"PATH\"", "/secret_env", .invalid,
            "only the provisioning file may name environment variables"
        ),
        ("\"secret\": {}", "/secret", .invalid, "invalid value for secret; expected a text"),
    ])
    func `a document from the network must not name files or variables`(
        field: String, path: String, code: SettingsMistake.Code, detail: String
    ) throws {
        let found = try mistakes("{\"name\": \"orders\", \"url\": \"https://a.example/\", \(field)}")
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.path == path && found.first?.code == code, "\(found)")
        #expect(found.first?.detail.contains(detail) == true, "\(found)")
        #expect(found.first?.subject == "endpoint \"orders\"")
    }

    @Test func `certificates from files are refused too`() throws {
        let found = try mistakes(endpoint("\"ca_file\": \"/etc/ssl/cert.pem\""))
        #expect(found.map(\.path) == ["/ca_file"])
    }

    @Test func `a secret may be absent where the caller makes one`() throws {
        let json = "{\"name\": \"orders\", \"url\": \"https://a.example/\"}"
        #expect(try mistakes(json).map(\.code) == [.missing])
        #expect(try read(json, EndpointSettingsReader(mayLackSecret: true)).get().settings.secrets == [])
        // But a wrong one is refused all the same.
        let wrong = "{\"name\": \"orders\", \"url\": \"https://a.example/\", \"secret\": \"x\"}"
        #expect(try mistakes(wrong, EndpointSettingsReader(mayLackSecret: true)).map(\.path) == ["/secret"])
    }

    @Test func `http needs permission`() throws {
        let json = "{\"name\": \"orders\", \"url\": \"http://a.example/\", \"secret\": \"\(secretText)\"}"
        #expect(try mistakes(json).map(\.path) == ["/url"])
        #expect(try mistakes(json, EndpointSettingsReader(allowHTTP: true)) == [])
    }

    @Test(arguments: ["[]", "\"x\"", "null", "12"]) func `an endpoint is a map`(json: String) throws {
        let found = try mistakes(json)
        #expect(found.count == 1 && found[0].path == "" && found[0].code == .invalid)
        #expect(found[0].detail.hasPrefix("invalid value; expected a map of name, url, events"))
    }

    @Test func `no message repeats a password, a control character or a long value`() throws {
        let user = try mistakes(endpoint("\"proxy\": \"http://me:hunter2@p.example\""))
        #expect(user.count == 1 && !user[0].text.contains("hunter2"))
        let url = try mistakes(
            "{\"name\": \"o\", \"url\": \"https://me:hunter2@a.example\", \"secret\": \"\(secretText)\"}")
        #expect(url.count == 1 && !url[0].text.contains("hunter2"))
        let controls = try mistakes(endpoint("\"window\": \"\\u001b[2J\", \"a\\nb\": 1"))
        #expect(controls.count == 2 && controls.allSatisfy { $0.text.utf8.allSatisfy { $0 >= 0x20 } })
        let long = try mistakes(endpoint("\"window\": \"\(String(repeating: "9", count: 100_000))\""))
        #expect(long.count == 1 && long[0].text.utf8.count < 200)
    }

    @Test func `only the first of very many mistakes are reported`() throws {
        let fields = (0..<300).map { "\"x\($0)\": 1" }.joined(separator: ",")
        guard case .failure(let mistakes) = try read("{\(fields)}") else {
            Issue.record("no mistake")
            return
        }
        #expect(mistakes.list.count == 200 && mistakes.isCut)
    }

    /// Whatever a document contains, it is read or refused: no reader fails without a mistake, which would trap.
    @Test(arguments: 0..<20) func `a random document is read or refused`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let words = [
            "", "x", "1", "0", "true", "5s", "https://a.example/", secretText, "direct", "by_key", "{n}", "all",
            "{body}",
            "{signature}", "sha256", "sha256:00", "2027-01-31T12:00:00Z", "*", "10.0.0.0/8", "\u{0}", "é",
        ]
        let keys = [
            "name", "url", "events", "signature", "secret", "secret_file", "secret_env", "secrets", "body", "headers",
            "window", "timeout", "retry", "rate", "enabled", "ordering", "on_dead_letter", "batch", "allow_networks",
            "deny_networks", "client_certificate_file", "client_key_file", "ca_file", "pinned_key", "proxy", "http2",
            "delays", "per_second", "burst", "until", "user", "password", "signs", "digest", "key", "tenants", "scopes",
            "expires", "client_certificates", "key_sha256", "weight", "backlog", "unknown",
        ]
        func node(_ depth: Int) -> SettingsNode {
            switch Int.random(in: 0..<(depth == 0 ? 1 : 4), using: &random) {
            case 1: return SettingsNode(.list((0..<Int.random(in: 0..<4, using: &random)).map { _ in node(depth - 1) }))
            case 2, 3:
                let names = Set(
                    (0..<Int.random(in: 0..<9, using: &random)).map { _ in keys.randomElement(using: &random)! })
                return SettingsNode(.map(names.sorted().map { SettingsEntry($0, node(depth - 1)) }))
            default: return SettingsNode(.text(words.randomElement(using: &random)!))
            }
        }
        for _ in 0..<500 {
            let document = node(4)
            for mayLack in [false, true] {
                let endpoint = EndpointSettingsReader(allowHTTP: true, mayLackSecret: mayLack).read(document)
                let tenant = TenantSettingsReader().read(document)
                let key = KeySettingsReader(mayLackKey: mayLack) { $0 == "x" }.read(document)
                if case .failure(let mistakes) = endpoint { #expect(!mistakes.list.isEmpty) }
                if case .failure(let mistakes) = tenant { #expect(!mistakes.list.isEmpty) }
                if case .failure(let mistakes) = key { #expect(!mistakes.list.isEmpty) }
            }
        }
    }
}
