import NeedletailServer
import Settings
import Testing
import WebhookModel
import Yams

/// The same settings as YAML and as JSON give the same values and the same mistakes.
@Suite struct SyntaxTests {
    private static let secret = "\"secret\": \"\(secretText)\""
    private static let key = "\"name\": \"k\", \"key\": \"0123456789abcdef\""
    private static let tls = "\"name\": \"e\", \"url\": \"https://a.example/\", \(secret)"

    /// Documents in JSON, which is YAML as well (YAML 1.2.2, section 1.3).
    static let documents: [String] =
        [
            // Values.
            "{}",
            "{\"tenants\": []}",
            "{\"tenants\": [{\"name\": \"acme\"}], \"api_keys\": [{\(key), \"tenants\": [\"acme\"]}]}",
            "{\"tenants\": [{\"name\": \"t{n}\", \"repeat\": 3, \"endpoints\": [{\"name\": \"e{n}\", \"url\": \"https://a.example/{n}\", \(secret)}]}]}",
            "{\"tenants\": [{\"name\": \"a\", \"enabled\": false, \"weight\": 6, \"retry_rate\": 50, \"backlog\": 100, \"rate\": {\"per_second\": 5, \"burst\": 9}}]}",
            "{\"tenants\": [{\"name\": \"a\", \"allow_networks\": [\"10.0.0.0/8\", \"[fd00::/8]:8443\"]}]}",
            "{\"api_keys\": [{\(key), \"tenants\": \"all\", \"scopes\": [\"publish:order.*\", \"read\"], \"rate\": 5, \"burst\": 10, \"expires\": \"2027-01-31T12:00:00Z\"}]}",
            "{\"api_keys\": [{\"name\": \"k\", \"tenants\": \"all\", \"client_certificates\": \"shop.example\"}]}",
            // Mistakes of the document.
            "{\"tenants\": 5}",
            "{\"tenants\": {\"name\": \"a\"}}",
            "{\"tenants\": [5, \"x\", []]}",
            "{\"tenant\": [], \"xyzzyplugh\": 1}",
            "{\"tenants\": [{}, {\"name\": \"\"}, {\"name\": null}, {\"name\": []}]}",
            "{\"tenants\": [{\"name\": \"a b\"}, {\"name\": \"a\"}, {\"name\": \"a\"}]}",
            "{\"tenants\": [{\"name\": \"a\", \"repeat\": 2}, {\"name\": \"b{n}\", \"repeat\": 0}, {\"name\": \"c{n}\"}]}",
            "{\"tenants\": [{\"name\": \"a\", \"weight\": 101, \"backlog\": 0, \"retry_rate\": \"x\", \"rate\": {\"per_second\": 1.5}}]}",
            "{\"tenants\": [{\"name\": \"a\", \"allow_networks\": [\"ten\"], \"retry\": {\"delays\": [\"x\", \"8d\"]}}]}",
            "{\"api_keys\": [{\(key)}, {\"name\": \"l\", \"tenants\": \"all\"}, {\"name\": \"m\", \"key\": \"short\", \"tenants\": [\"x\"]}]}",
            "{\"api_keys\": [{\(key), \"key_env\": \"X\", \"tenants\": \"all\"}, {\"name\": \"k\", \"key\": \"0123456789abcdef\", \"tenants\": \"all\"}]}",
            "{\"api_keys\": [{\(key), \"tenants\": \"all\", \"scopes\": [], \"burst\": 1, \"expires\": \"tomorrow\", \"client_certificates\": [\"sha256:12\"]}]}",
            "{\"api_keys\": [{\"name\": \"k\", \"key_sha256\": \"zz\", \"tenants\": \"all\", \"é \\\"quoted\\\"\": true}]}",
            "{\"tenants\": null, \"api_keys\": null}",
            "{\"tenants\": [{\"name\": \"a\", \"endpoints\": null}]}",
        ].map(whole)
        + [
            // Endpoints: values.
            "\"name\": \"e\", \"url\": \"HTTPS://A.example\", \(secret)",
            "\(tls), \"window\": 4, \"timeout\": \"20s\", \"enabled\": false, \"events\": [\"order.*\", \"paid\"]",
            "\(tls), \"window\": \"16\", \"events\": \"order.*\", \"body\": \"envelope\", \"http2\": true",
            "\(tls), \"retry\": {\"max_attempts\": 4, \"backoff_seconds\": 0.5, \"factor\": 10, \"cap\": \"30s\"}",
            "\(tls), \"ordering\": \"by_key\", \"on_dead_letter\": \"hold\"",
            "\(tls), \"batch\": {}",
            "\(tls), \"batch\": {\"max_events\": 1000, \"max_bytes\": \"1MiB\", \"max_wait_seconds\": 0.25}",
            "\(tls), \"headers\": {\"X-Team\": \"blue\", \"X-Number\": 12, \"Authorization\": {\"value_env\": \"TOKEN\"}}",
            "\"name\": \"e\", \"url\": \"https://a.example/\", \"signature\": \"stripe\", \"secrets\": [\"0123456789abcdef\", {\"secret_env\": \"OLD\", \"until\": 1900000000}]",
            "\"name\": \"e\", \"url\": \"https://a.example/\", \"secret\": \"0123456789abcdef\", \"signature\": {\"headers\": {\"X-S\": \"{signature}\"}, \"signs\": \"{body}\", \"digest\": \"sha512\"}",
            "\(tls), \"proxy\": \"http://proxy.example:3128\", \"deny_networks\": [\"203.0.113.0/25\"]",
            "\(tls), \"proxy\": {\"url\": \"http://proxy.example\", \"user\": \"me\", \"password_env\": \"TOKEN\"}",
            // Endpoints: mistakes.
            "\"url\": \"ftp://a.example/\"",
            "\"name\": \"e\", \"url\": \"http://a.example/\", \(secret)",
            "\"name\": \"e\", \"url\": \"https://me:word@a.example/\", \"secret\": \"hunter2\"",
            "\(tls), \"windwo\": 3, \"xyzzyplugh\": {}",
            "\(tls), \"window\": 0, \"timeout\": 15, \"enabled\": \"maybe\", \"http2\": null",
            "\(tls), \"window\": [1], \"timeout\": {}, \"events\": {\"a\": 1}, \"headers\": [1]",
            "\(tls), \"events\": [\"a*b\", [], \"\"]",
            "\(tls), \"retry\": {\"delays\": [5], \"max_attempts\": 3, \"jitter_percent\": 101}, \"rate\": {\"burst\": 0}",
            "\(tls), \"retry\": 5, \"rate\": [], \"batch\": \"x\", \"proxy\": []",
            "\(tls), \"ordering\": \"byKey\", \"on_dead_letter\": \"hold\"",
            "\(tls), \"ordering\": \"by_key\", \"batch\": {\"max_event\": 5}, \"body\": \"raw\"",
            "\(tls), \"headers\": {\"X A\": \"b\", \"Host\": \"c\", \"X-B\": \"d\", \"x-b\": \"e\", \"X-C\": [], \"X-D\": \"f\\r\\ng\"}",
            "\(tls), \"headers\": {\"X-A\": {\"value\": \"a\", \"value_env\": \"B\", \"other\": 1}}",
            "\(tls), \"signature\": \"stirpe\"",
            "\(tls), \"signature\": {\"signs\": \"{body\", \"digest\": \"md5\", \"headers\": {\"X-S\": [\"x\"]}}",
            "\(tls), \"secrets\": []",
            "\"name\": \"e\", \"url\": \"https://a.example/\", \"secrets\": [[], {\"until\": 1}, {\"secret\": \"x\", \"until\": 1900000000000}]",
            "\"name\": \"e\", \"url\": \"https://a.example/\", \"secret_env\": \"NOWHERE\"",
            "\"name\": \"e\", \"url\": \"https://a.example/\", \"secret_file\": \"/nowhere/s\", \"secret_env\": \"OLD\"",
            "\(tls), \"ca_file\": \"/nowhere/ca\", \"client_key_file\": \"/nowhere/k\", \"pinned_key\": \"abc\"",
            "\(tls), \"allow_networks\": [], \"deny_networks\": [\"ten/8\"], \"proxy\": \"https://p.example\"",
        ].map { "{\"tenants\": [{\"name\": \"acme\", \"endpoints\": [{\($0)}]}], \"api_keys\": []}" }

    /// With both lists: the one that a document says nothing about is empty.
    private static func whole(_ document: String) -> String {
        guard document != "{}" else { return document }
        // A key has tenants too.
        let rest = ["{\"tenants\"", "\"api_keys\""].filter { !document.contains($0) }
            .map { ", \($0.drop { $0 == "{" }): []" }
        return document.dropLast() + rest.joined() + "}"
    }

    private func read(_ node: SettingsNode) -> Result<ProvisioningPlan, SettingsMistakes> {
        ProvisioningPlan.read(node, environment: ["TOKEN": "Bearer x", "OLD": "fedcba9876543210"])
    }

    private func mistakes(_ result: Result<ProvisioningPlan, SettingsMistakes>) -> [SettingsMistake] {
        switch result {
        case .success: []
        case .failure(let mistakes): mistakes.list
        }
    }

    private func withoutPositions(_ mistakes: [SettingsMistake]) -> [SettingsMistake] {
        mistakes.map { mistake in
            var mistake = mistake
            mistake.position = nil
            return mistake
        }
    }

    @Test func `the table is large, and many of its texts are valid`() throws {
        #expect(Self.documents.count >= 40)
        let good = try Self.documents.filter { mistakes(read(try SettingsJSON.parse($0.utf8))).isEmpty }
        #expect(good.count >= 18 && Self.documents.count - good.count >= 25, "\(good.count)")
    }

    @Test(arguments: documents) func `both parsers make the same tree of a text`(document: String) throws {
        let yaml = SettingsNode(try #require(try Yams.compose(yaml: document)))
        #expect(try SettingsJSON.parse(document.utf8) == yaml)
    }

    @Test(arguments: documents) func `block style gives the same values and mistakes`(document: String) throws {
        let json = try SettingsJSON.parse(document.utf8)
        let block = try Yams.serialize(node: block(try #require(try Yams.compose(yaml: document))))
        let yaml = SettingsNode(try #require(try Yams.compose(yaml: block)))
        let (fromJSON, fromYAML) = (read(json), read(yaml))
        #expect(withoutPositions(mistakes(fromJSON)) == withoutPositions(mistakes(fromYAML)), "\(block)")
        #expect((try? fromJSON.get()) == (try? fromYAML.get()), "\(block)")
        for mistake in mistakes(fromJSON) + mistakes(fromYAML) {
            #expect(mistake.position != nil && mistake.path.hasPrefix("/"), "\(mistake)")
        }
    }

    @Test func `plain YAML and JSON written by hand agree`() throws {
        let yaml = """
            tenants:
              - name: acme
                endpoints:
                  - name: orders   # a comment
                    url: https://a.example/orders
                    secret: "\(secretText)"
                    window: 4
                    enabled: false
                    events: [order.*, refund]
                    retry: { delays: [5s, 1m], jitter_percent: 0 }
                    headers: { X-Team: blue team }
                    http2: true
                    batch: ~
                    windwo: 3
            api_keys:
              - name: shop
                key: 0123456789abcdef
                tenants: all
            """
        let json = """
            {"tenants": [{"name": "acme", "endpoints": [{"name": "orders", "url": "https://a.example/orders",
             "secret": "\(secretText)", "window": 4, "enabled": false, "events": ["order.*", "refund"],
             "retry": {"delays": ["5s", "1m"], "jitter_percent": 0}, "headers": {"X-Team": "blue team"}, "http2": true,
             "batch": null, "windwo": 3}]}], "api_keys": [{"name": "shop", "key": "0123456789abcdef", "tenants": "all"}]}
            """
        let fromYAML = mistakes(read(SettingsNode(try #require(try Yams.compose(yaml: yaml)))))
        let fromJSON = mistakes(read(try SettingsJSON.parse(json.utf8)))
        #expect(fromYAML.map(\.path) == ["/tenants/0/endpoints/0/windwo", "/tenants/0/endpoints/0/batch"])
        #expect(fromYAML.first?.position == SettingsPosition(line: 14, column: 9))
        #expect(fromJSON.first?.position == SettingsPosition(line: 4, column: 17))
        #expect(withoutPositions(fromYAML) == withoutPositions(fromJSON))
    }

    /// The node in block style, its texts plain where the emitter can write them so.
    private func block(_ node: Node) -> Node {
        switch node {
        case .mapping(let mapping):
            return .mapping(Node.Mapping(mapping.map { (block($0.key), block($0.value)) }, mapping.tag, .block))
        case .sequence(let sequence):
            return .sequence(Node.Sequence(sequence.map(block), sequence.tag, .block))
        default: return node
        }
    }
}
