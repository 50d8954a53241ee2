import NeedletailServer
import Settings
import Testing

@Suite struct ProvisioningMistakesTests {
    private func mistakes(_ text: String, environment: [String: String] = [:], allowHTTP: Bool = false) -> [String] {
        do {
            _ = try ProvisioningPlan.load(
                text: text.whole, named: "p.yaml", environment: environment, allowHTTP: allowHTTP)
            return []
        } catch {
            return error.lines
        }
    }

    /// An endpoint on line 4 whose url is on line 5 and whose last line is given.
    private func endpoint(url: String = "https://a.example/", _ last: String = "secret: \"\(secretText)\"") -> String {
        "tenants:\n- name: acme\n  endpoints:\n  - name: orders\n    url: \(url)\n    \(last)\n"
    }

    @Test(arguments: [
        (
            "ftp://a.example/",
            "invalid value \"ftp://a.example/\" for url; expected a URL that begins with https:// or http://"
        ),
        (
            "http://a.example/",
            "invalid value \"http://a.example/\" for url; expected an https URL: http needs sender.allow_http (--allow-http)"
        ),
        ("https://user@a.example/", "invalid value for url; expected no user name or password (@)"),
        ("https:///x", "invalid value \"https:///x\" for url; expected a host name"),
    ])
    func `a bad URL is reported with its line and column`(url: String, mend: String) {
        let lines = mistakes(endpoint(url: url))
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasPrefix("p.yaml:5:10: endpoint \"orders\" of tenant \"acme\": ") == true, "\(lines)")
        #expect(lines.first?.contains(mend) == true, "\(lines)")
    }

    @Test func `a repeated tenant reports each place once, though the values of its copies differ`() {
        let text = """
            tenants:
            - name: t-{n}
              repeat: 10
              endpoints:
              - name: hook
                url: http://127.0.0.1:9400/t-{n}
                events: ["a*b", "c*d"]
                secret: "\(secretText)"
            - name: t-004
            """
        let lines = mistakes(text)
        #expect(lines.count == 4, "\(lines)")
        #expect(lines.filter { $0.hasPrefix("p.yaml:6:10: ") && $0.contains("t-000") }.count == 1, "\(lines)")
        #expect(lines.contains { $0.contains("\"a*b\"") } && lines.contains { $0.contains("\"c*d\"") }, "\(lines)")
        #expect(lines.last?.contains("name \"t-004\" is already used by another tenant") == true, "\(lines)")
    }

    @Test func `http is accepted where it is allowed`() {
        #expect(mistakes(endpoint(url: "http://127.0.0.1:8080/x"), allowHTTP: true) == [])
    }

    @Test(arguments: [
        ("secret: whsec_c2hvcnQ=", "secret: "),
        ("secret: hunter2hunter2hunter2hunter2", "secret: "),
        ("secrets: [\"\(secretText)\", whsec_!!!]", "secrets: "),
        ("secrets: []", "secrets: "),
        ("secret_env: UNSET", "secret_env: the environment variable UNSET is not set"),
        (
            "secret_env: NEEDLETAIL_X",
            "invalid value \"NEEDLETAIL_X\" for secret_env; expected a name that does not begin with NEEDLETAIL_"
        ),
        ("secret_file: /nowhere/s", "secret_file: /nowhere/s: cannot be read: No such file or directory"),
        ("window: 4", "secret is missing; expected one of secret, secret_file, secret_env"),
    ])
    func `a bad secret is reported and never shown`(line: String, expected: String) {
        let lines = mistakes(endpoint(line))
        #expect(lines.count == 1)
        #expect(lines.first?.contains("endpoint \"orders\" of tenant \"acme\": \(expected)") == true, "\(lines)")
        for secret in ["c2hvcnQ", "hunter2", "!!!", secretText] { #expect(lines.first?.contains(secret) != true) }
    }

    @Test(arguments: [
        ("windwo: 3", "unknown field \"windwo\"; did you mean window?"),
        ("window: 0", "invalid value \"0\" for window; expected a whole number from 1 to 1024"),
        ("timeout: 90s", "invalid value \"90s\" for timeout; expected a duration from 1s to 1m"),
        ("timeout: 15", "invalid value \"15\" for timeout; expected a duration from 1s to 1m"),
        ("enabled: maybe", "invalid value \"maybe\" for enabled; expected true or false"),
        ("events: [\"a*b\"]", "invalid value \"a*b\" for events; expected an exact type"),
        ("events: []", "events is empty"),
        ("events: { a: b }", "invalid value for events; expected a list of texts"),
        ("retry: { delays: [5] }", "invalid value \"5\" for retry.delays; expected durations up to 7d"),
        ("retry: { delays: [5s], max_attempts: 3 }", "retry.max_attempts cannot be combined with delays"),
        ("retry: { attempts: 3 }", "unknown field \"retry.attempts\"; did you mean max_attempts?"),
        ("retry: { factor: 0.5 }", "invalid value \"0.5\" for retry.factor; expected a number from 1.0 to 10.0"),
        ("retry: 5", "invalid value for retry; expected a map of delays"),
        ("retry: { cap: 1h, cap_seconds: 5 }", "retry.cap cannot be combined with cap_seconds"),
        (
            "retry: { cap_seconds: 0 }",
            "invalid value \"0\" for retry.cap_seconds; expected a number from 0.001 to 604800.0"
        ),
        ("rate: 5", "invalid value for rate; expected a map of per_second, burst"),
        ("rate: { burst: 5 }", "rate.per_second is missing; expected attempts per second"),
        (
            "rate: { per_second: 0 }",
            "invalid value \"0\" for rate.per_second; expected a whole number from 1 to 1000000"
        ),
        ("rate: { per_secnd: 1, per_second: 1 }", "unknown field \"rate.per_secnd\"; did you mean per_second?"),
    ])
    func `a bad setting is reported with its line`(line: String, expected: String) {
        let lines = mistakes(endpoint("secret: \"\(secretText)\"\n    \(line)"))
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.hasPrefix("p.yaml:7:") == true, "\(lines)")
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test(arguments: [
        ("", "p.yaml: is empty; expected tenants and api_keys"),
        ("tenant: []", "p.yaml:1:1: unknown field \"tenant\"; did you mean tenants?"),
        ("tenants: 5", "p.yaml:1:10: invalid value for tenants; expected a list"),
        ("tenants: [5]", "tenant \"?\": invalid value; expected a map of name, enabled, retry"),
        ("tenants: [{ enabled: true }]", "tenant \"?\": name is missing"),
        (
            "tenants: [{ name: a b }]",
            "tenant \"a b\": invalid value \"a b\" for name; expected 1 to 64 of A-Z a-z 0-9 _ . -"
        ),
        ("tenants: [{ name: a }, { name: a }]", "tenant \"a\": name \"a\" is already used by another tenant"),
        ("tenants: [{ name: a, repeat: 2 }]", "tenant \"a\": name must contain {n}, because the tenant is repeated"),
        (
            "tenants: [{ name: \"a{n}\", repeat: 0 }]",
            "invalid value \"0\" for repeat; expected a whole number from 1 to 100000"
        ),
        ("tenants: [{ name: \"a{n}\" }]", "invalid value \"a{n}\" for name; expected 1 to 64"),
        (
            "tenants: [{ name: a, weight: 101 }]",
            "tenant \"a\": invalid value \"101\" for weight; expected a whole number from 1 to 100"
        ),
        (
            "tenants: [{ name: a, retry: { delays: [x] } }]",
            "p.yaml:1:39: tenant \"a\": invalid value \"x\" for retry.delays"
        ),
        (
            "tenants: [{ name: a, rate: { per_second: x } }]",
            "p.yaml:1:42: tenant \"a\": invalid value \"x\" for rate.per_second"
        ),
        ("tenants: [{ name: a, backlog: 0 }]", "invalid value \"0\" for backlog"),
        ("tenants: [{ name: a, retry_rate: 0 }]", "invalid value \"0\" for retry_rate"),
        (
            "api_keys: [{ name: k, tenants: all }]",
            "API key \"k\": key is missing; expected one of key, key_file, key_env"
        ),
        ("api_keys: [{ name: k, key: short, tenants: all }]", "API key \"k\": key has 5 bytes; expected 16 to 1024"),
        (
            "api_keys: [{ name: k, key: 0123456789abcdef }]",
            "API key \"k\": tenants is missing; expected all, or a list of tenants"
        ),
        (
            "api_keys: [{ name: k, key: 0123456789abcdef, tenants: [x] }]",
            "invalid value \"x\" for tenants; expected the name of a tenant of this file"
        ),
        (
            "api_keys: [{ name: k, key: 0123456789abcdef, key_env: K, tenants: all }]",
            "key is given 2 times; expected one of key, key_file, key_env"
        ),
        ("tenants:\n  - name: a\n   bad: 1", "p.yaml:3:"),
    ])
    func `a bad tenant or key is reported`(text: String, expected: String) {
        let lines = mistakes(text)
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test func `all mistakes are reported at once, in the order of the file`() {
        let lines = mistakes(
            """
            tenants:
              - name: acme
                endpoints:
                  - { name: one, url: "ftp://a.example", secret: bad }
                  - { name: one, url: "https://a.example", secret: "\(secretText)", window: 9999 }
            api_keys:
              - { name: k, key: 0123456789abcdef, tenants: [acm] }
            """)
        #expect(lines.count == 5, "\(lines)")
        #expect(lines.compactMap { $0.split(separator: ":").dropFirst().first.flatMap { Int($0) } } == [4, 4, 5, 5, 7])
    }

    @Test func `a mistake in a repeated tenant is reported once`() {
        let lines = mistakes(
            "tenants: [{ name: \"t{n}\", repeat: 100, endpoints: [{ name: e, url: \"ftp://x\", secret: \"\(secretText)\" }] }]"
        )
        #expect(lines.count == 1, "\(lines)")
    }

    // F26: what no delivery can go to was called good, and used up every attempt.
    @Test(arguments: [
        ("https://10.0.0.5/", "url \"https://10.0.0.5/\" has an address that is not public; expected a public one, or"),
        ("https://169.254.169.254/x", "url \"https://169.254.169.254/x\" is a cloud's metadata service; no list"),
        ("https://metadata.google.internal/", "is a cloud's metadata service"),
        ("https://localhost:8443/", "url \"https://localhost:8443/\" is this machine; expected a public address, or"),
        ("https://a.example:22/", "url \"https://a.example:22/\" has port 22, which deliveries must not use; expected"),
        ("https://8.8.8.8/", "url \"https://8.8.8.8/\" is refused by deny_networks"),
    ])
    func `a URL that nothing can be delivered to is a mistake with its place`(url: String, expected: String) {
        do {
            _ = try ProvisioningPlan.load(
                text: endpoint(url: url).whole, named: "p.yaml", networks: ServerNetworks(deny: ["8.8.8.0/24"]))
            Issue.record("it is good")
        } catch {
            #expect(error.lines.count == 1)
            #expect(
                error.lines.first?.hasPrefix("p.yaml:5:10: endpoint \"orders\" of tenant \"acme\": ") == true
                    && error.lines.first?.contains(expected) == true, "\(error.lines)")
        }
    }

    @Test func `a URL that the server or the tenant allows is good`() throws {
        let open = ServerNetworks(allow: ["127.0.0.0/8"])
        _ = try ProvisioningPlan.load(
            text: endpoint(url: "https://127.0.0.1:8443/").whole, named: "p.yaml", networks: open)
        let tenant = endpoint(url: "https://10.0.0.5/").replacing(
            "- name: acme\n", with: "- name: acme\n  allow_networks: [10.0.0.0/8]\n")
        _ = try ProvisioningPlan.load(text: tenant.whole, named: "p.yaml", networks: ServerNetworks())
        let mistakes = #expect(throws: InputMistakes.self) {
            try ProvisioningPlan.load(text: tenant.whole, named: "p.yaml", networks: ServerNetworks(allow: ["ten"]))
        }
        #expect(mistakes?.lines.first?.contains("invalid value \"ten\"") == true)
    }

    // F3: a file that was cut off was applied: it removed every endpoint of a tenant, or every API key.
    @Test(arguments: [
        ("tenants:\n- name: a", "p.yaml:1:1: api_keys is missing; expected a list, or [] for none"),
        ("api_keys: []", "p.yaml:1:1: tenants is missing; expected a list, or [] for none"),
        ("api_keys: []\ntenants:", "p.yaml:2:9: tenants is empty; expected a list, or [] for none"),
        ("tenants: []\napi_keys:\n", "p.yaml:2:10: api_keys is empty; expected a list, or [] for none"),
        ("tenants: []\napi_keys: ~\n", "p.yaml:2:11: api_keys is empty; expected a list, or [] for none"),
        (
            "api_keys: []\ntenants:\n- name: a\n  endpoints:",
            "p.yaml:4:13: tenant \"a\": endpoints is empty; expected a list, or [] for none"
        ),
    ])
    func `a file that was cut off is not a short file`(text: String, expected: String) {
        do {
            _ = try ProvisioningPlan.load(text: text, named: "p.yaml")
            Issue.record("it is good")
        } catch {
            #expect(error.lines == [expected])
        }
    }

    @Test func `lists that are empty on purpose are good`() throws {
        let plan = try ProvisioningPlan.load(
            text: "tenants: [{ name: a, endpoints: [] }, { name: b }]\napi_keys: []", named: "p.yaml")
        #expect(plan.tenants.map(\.name) == ["a", "b"] && plan.keys.isEmpty)
    }
}
