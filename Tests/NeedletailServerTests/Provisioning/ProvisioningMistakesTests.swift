import NeedletailServer
import Testing

@Suite struct ProvisioningMistakesTests {
    private func mistakes(_ text: String, environment: [String: String] = [:], allowHTTP: Bool = false) -> [String] {
        do {
            _ = try ProvisioningPlan.load(text: text, named: "p.yaml", environment: environment, allowHTTP: allowHTTP)
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
        ("ftp://a.example/", "scheme \"ftp\" is not http or https; write https://…"),
        ("http://a.example/", "http is not allowed; write https://…, or set sender.allow_http (--allow-http)"),
        ("https://user@a.example/", "user name"),
        ("https:///x", ""),
    ])
    func `a bad URL is told with its line and column`(url: String, mend: String) {
        let lines = mistakes(endpoint(url: url))
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasPrefix("p.yaml:5:10: endpoint \"orders\" of tenant \"acme\": url: ") == true, "\(lines)")
        #expect(lines.first?.contains(mend) == true, "\(lines)")
    }

    @Test func `http passes where it is allowed`() {
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
            "secret_env: NEEDLETAIL_X: names that begin with NEEDLETAIL_ are the configuration's"
        ),
        ("secret_file: /nowhere/s", "secret_file: /nowhere/s: cannot be read: No such file or directory"),
        ("window: 4", "secret: is missing; give one of secret, secret_file, secret_env"),
    ])
    func `a bad secret is told and never shown`(line: String, expected: String) {
        let lines = mistakes(endpoint(line))
        #expect(lines.count == 1)
        #expect(lines.first?.contains("endpoint \"orders\" of tenant \"acme\": \(expected)") == true, "\(lines)")
        for secret in ["c2hvcnQ", "hunter2", "!!!", secretText] { #expect(lines.first?.contains(secret) != true) }
    }

    @Test(arguments: [
        ("windwo: 3", "windwo: unknown key; did you mean window?"),
        ("window: 0", "window: \"0\" is no good; give a whole number from 1 to 1024"),
        ("timeout: 90s", "timeout: \"90s\" is no good; give a duration from 1s to 1m"),
        ("timeout: 15", "timeout: \"15\" is no good; give a duration from 1s to 1m"),
        ("enabled: maybe", "enabled: \"maybe\" is no good; give true or false"),
        ("events: [\"a*b\"]", "events: \"a*b\" is not a pattern; give an exact type"),
        ("events: []", "events: is empty"),
        ("events: { a: b }", "events: must be a list of texts"),
        ("retry: { delays: [5] }", "delays: \"5\" is no good; give durations up to 7d"),
        ("retry: { delays: [5s], max_attempts: 3 }", "max_attempts: stands beside delays"),
        ("retry: { attempts: 3 }", "attempts: unknown key; did you mean max_attempts?"),
        ("retry: { factor: 0.5 }", "factor: \"0.5\" is no good; give a number from 1.0 to 10.0"),
        ("retry: 5", "retry: must be a mapping"),
        ("retry: { cap: 1h, cap_seconds: 5 }", "retry: cap: stands beside cap_seconds"),
        ("retry: { cap_seconds: 0 }", "cap_seconds: \"0\" is no good; give a number from 0.001 to 604800.0"),
        ("rate: 5", "rate: must be a mapping of per_second, burst"),
        ("rate: { burst: 5 }", "rate: per_second: is missing; give attempts a second"),
        ("rate: { per_second: 0 }", "rate: per_second: \"0\" is no good; give a whole number from 1 to 1000000"),
        ("rate: { per_secnd: 1, per_second: 1 }", "rate: per_secnd: unknown key; did you mean per_second?"),
    ])
    func `a bad setting is told with its line`(line: String, expected: String) {
        let lines = mistakes(endpoint("secret: \"\(secretText)\"\n    \(line)"))
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.hasPrefix("p.yaml:7:") == true, "\(lines)")
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test(arguments: [
        ("", "p.yaml: is empty; it needs `tenants:` and `api_keys:`"),
        ("tenant: []", "p.yaml:1:1: file: tenant: unknown key; did you mean tenants?"),
        ("tenants: 5", "p.yaml:1:10: file: tenants: must be a list; begin each member with a dash"),
        ("tenants: [5]", "tenant \"?\": must be a mapping of name, enabled, repeat, endpoints"),
        ("tenants: [{ enabled: true }]", "tenant \"?\": name: is missing"),
        ("tenants: [{ name: a b }]", "tenant \"a b\": name: give 1 to 64 of A-Z a-z 0-9 _ . -"),
        ("tenants: [{ name: a }, { name: a }]", "tenant \"a\": name: another tenant has this name already"),
        ("tenants: [{ name: a, repeat: 2 }]", "tenant \"a\": name: is repeated, so it must contain {n}"),
        ("tenants: [{ name: \"a{n}\", repeat: 0 }]", "repeat: \"0\" is no good; give a whole number from 1 to 100000"),
        ("tenants: [{ name: \"a{n}\" }]", "name: give 1 to 64"),
        (
            "tenants: [{ name: a, weight: 101 }]",
            "tenant \"a\": weight: \"101\" is no good; give a whole number from 1 to 100"
        ),
        (
            "tenants: [{ name: a, retry: { delays: [x] } }]",
            "p.yaml:1:39: tenant \"a\": retry: delays: \"x\" is no good"
        ),
        (
            "tenants: [{ name: a, rate: { per_second: x } }]",
            "p.yaml:1:42: tenant \"a\": rate: per_second: \"x\" is no good"
        ),
        ("tenants: [{ name: a, backlog: 0 }]", "backlog: \"0\" is no good"),
        ("tenants: [{ name: a, retry_rate: 0 }]", "retry_rate: \"0\" is no good"),
        ("api_keys: [{ name: k, tenants: all }]", "API key \"k\": key: is missing; give one of key, key_file, key_env"),
        ("api_keys: [{ name: k, key: short, tenants: all }]", "API key \"k\": key: give 16 to 1024 bytes, found 5"),
        ("api_keys: [{ name: k, key: 0123456789abcdef }]", "API key \"k\": tenants: is missing"),
        ("api_keys: [{ name: k, key: 0123456789abcdef, tenants: [x] }]", "tenants: \"x\" is not a tenant of this file"),
        ("api_keys: [{ name: k, key: 0123456789abcdef, key_env: K, tenants: all }]", "key: is given 2 times"),
        ("tenants:\n  - name: a\n   bad: 1", "p.yaml:3:"),
    ])
    func `a bad tenant or key is told`(text: String, expected: String) {
        let lines = mistakes(text)
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test func `all mistakes are told at once, in the order of the file`() {
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

    @Test func `a mistake in a repeated tenant is told once`() {
        let lines = mistakes(
            "tenants: [{ name: \"t{n}\", repeat: 100, endpoints: [{ name: e, url: \"ftp://x\", secret: \"\(secretText)\" }] }]"
        )
        #expect(lines.count == 1, "\(lines)")
    }
}
