import Foundation
import NeedletailServer
import Settings
import TestSupport
import Testing
import WebhookModel

@Suite struct ConnectionReaderTests {
    private let folder = TemporaryDirectory()
    private let ca: ThrowawayCA
    private let client: ThrowawayCA.Issued

    init() {
        ca = ThrowawayCA(directory: folder.path)
        client = ca.issue(commonName: "client", isClient: true)
    }

    private func load(_ lines: [String], url: String = "https://a.example/") -> (
        connection: EndpointConnection?, mistakes: [String]
    ) {
        let head =
            "tenants:\n- name: acme\n  endpoints:\n  - name: orders\n    url: \(url)\n    secret: \"\(secretText)\"\n"
        let text = head + lines.map { "    \($0)\n" }.joined()
        do {
            let plan = try ProvisioningPlan.load(
                text: text.whole, named: "p.yaml", environment: ["WORD": "word"], allowHTTP: true)
            return (plan.tenants[0].endpoints[0].settings.connection, [])
        } catch {
            return (nil, error.lines)
        }
    }

    private func contents(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test(arguments: ["auto", "true"]) func `what is so without settings stores nothing`(http2: String) {
        let result = load(["http2: \(http2)"])
        #expect(result.connection == nil && result.mistakes == [])
    }

    @Test func `every setting is read`() throws {
        let result = load([
            "allow_networks: [8.8.0.0/16, \"[2001:4860::/32]:443\"]", "deny_networks: 8.8.8.8",
            "client_certificate_file: \(client.certificateFile)", "client_key_file: \(client.keyFile)",
            "ca_file: \(ca.certificateFile)", "pinned_key: \(client.pin)",
            "proxy: { url: \"http://proxy.example:3128\", user: me, password_env: WORD }", "http2: false",
        ])
        #expect(result.mistakes == [])
        let connection = try #require(result.connection)
        #expect(connection.allowNetworks == ["8.8.0.0/16", "[2001:4860::/32]:443"])
        #expect(connection.denyNetworks == ["8.8.8.8"])
        #expect(connection.identity?.certificates == (try contents(client.certificateFile)))
        #expect(connection.identity?.key == (try contents(client.keyFile)))
        #expect(connection.authorities == (try contents(ca.certificateFile)))
        #expect(connection.pinnedKeys == [client.pin])
        #expect(
            connection.proxy == .through(EgressProxy(host: "proxy.example", port: 3_128, user: "me", password: "word")))
        #expect(!connection.http2 && connection.isOfItsOwn)
    }

    @Test func `HTTP/2 is not offered with false, and connections are shared all the same`() throws {
        let connection = try #require(load(["http2: false"]).connection)
        #expect(!connection.http2 && !connection.isOfItsOwn)
    }

    @Test(arguments: ["auto", "false"]) func `without TLS the version is no mistake and no setting`(http2: String) {
        let plain = load(["http2: \(http2)"], url: "http://a.example/")
        #expect(plain.connection == nil && plain.mistakes == [])
    }

    @Test func `a private key in the certificate's file is not stored with the certificate`() throws {
        let both = folder.path + "/both.pem"
        try (contents(client.certificateFile) + contents(client.keyFile)).write(
            toFile: both, atomically: true, encoding: .utf8)
        let result = load(["client_certificate_file: \(both)", "client_key_file: \(both)"])
        #expect(result.mistakes == [])
        #expect(result.connection?.identity?.certificates.contains("PRIVATE") == false)
        #expect(result.connection?.identity?.key.contains("PRIVATE KEY") == true)
    }

    @Test(arguments: [
        ("proxy: direct", ProxyChoice.direct),
        ("proxy: http://10.0.0.1:3128", .through(EgressProxy(host: "10.0.0.1", port: 3_128))),
        ("proxy: \"http://[fd00::1]:3128/\"", .through(EgressProxy(host: "fd00::1", port: 3_128))),
        ("proxy: http://proxy.example", .through(EgressProxy(host: "proxy.example", port: 80))),
    ])
    func `a proxy in each form`(line: String, choice: ProxyChoice) {
        let result = load([line])
        #expect(result.mistakes == [] && result.connection?.proxy == choice)
    }

    @Test(arguments: [
        ("allow_networks: [ten/8]", "invalid value \"ten/8\" for allow_networks; expected a network, as 10.0.0.0/8"),
        ("deny_networks: [10.0.0.1/8]", "invalid value \"10.0.0.1/8\" for deny_networks"),
        ("deny_networks: []", "deny_networks is empty; leave it out"),
        ("client_key_file: /nowhere/k", "client_certificate_file is missing; client_key_file needs it"),
        ("client_certificate_file: /nowhere/c", "client_key_file is missing; client_certificate_file needs it"),
        ("ca_file: /nowhere/ca", "ca_file: /nowhere/ca: cannot be read: No such file or directory"),
        ("ca_file: /dev/null", "ca_file: /dev/null contains no certificate (PEM"),
        ("pinned_key: abc", "invalid value \"abc\" for pinned_key; expected sha256//"),
        ("pinned_key: sha256//AAAA", "invalid value \"sha256//AAAA\" for pinned_key"),
        ("proxy: https://proxy.example:3128", "proxy uses TLS, which is not supported; expected http://host:port"),
        (
            "proxy: http://me:hunter2@proxy.example:3128",
            "proxy contains a user name or password; expected them in user and password_file"
        ),
        ("proxy: http://proxy.example:3128/path", "proxy contains a path"),
        ("proxy: proxy.example:3128", "proxy is not the address of a proxy; expected http://host:port"),
        ("proxy: { url: \"http://p.example\", user: me }", "proxy.password is missing; expected one of password"),
        (
            "proxy: { url: \"http://p.example\", user: \"a:b\", password: hunter2 }",
            "proxy.user contains a colon"
        ),
        ("proxy: { url: \"http://p.example\", password: hunter2 }", "proxy.user is missing"),
        ("http2: perhaps", "invalid value \"perhaps\" for http2; expected one of auto, true, false"),
    ])
    func `a mistake is told with its line, and no secret`(line: String, expected: String) {
        let mistakes = load([line]).mistakes
        #expect(mistakes.count == 1, "\(mistakes)")
        #expect(
            mistakes.first?.hasPrefix("p.yaml:") == true && mistakes.first?.contains(expected) == true, "\(mistakes)")
        #expect(mistakes.first?.contains("hunter2") != true)
    }

    @Test func `certificates and keys that do not match are reported`() throws {
        let other = ca.issue(commonName: "other", isClient: true)
        let cases = [
            (
                client.certificateFile, other.keyFile,
                "client_key_file: \(other.keyFile) contains a key that does not belong to the certificate"
            ),
            (client.keyFile, client.keyFile, "client_certificate_file: \(client.keyFile) contains no certificate"),
            (client.certificateFile, client.certificateFile, "contains no private key that can be parsed"),
        ]
        for (certificate, key, expected) in cases {
            let mistakes = load(["client_certificate_file: \(certificate)", "client_key_file: \(key)"]).mistakes
            #expect(mistakes.count == 1 && mistakes[0].contains(expected), "\(mistakes)")
            #expect(mistakes.first?.contains("MII") != true)
        }
        let broken = folder.path + "/broken.pem"
        try "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".write(
            toFile: broken, atomically: true, encoding: .utf8)
        #expect(
            load(["ca_file: \(broken)"]).mistakes.first?.contains("contains a certificate that cannot be parsed")
                == true)
    }

    @Test func `a tenant's networks are read, and their mistakes reported`() throws {
        func settings(_ line: String) throws -> Tenant.Settings {
            try ProvisioningPlan.load(text: "tenants:\n- name: acme\n  \(line)\n".whole, named: "p.yaml").tenants[0]
                .settings
        }
        #expect(try settings("allow_networks: [10.0.0.0/8]").allowNetworks == ["10.0.0.0/8"])
        let mistakes = #expect(throws: InputMistakes.self) { try settings("allow_networks: [ten]") }
        #expect(
            mistakes?.lines.first?.hasPrefix("p.yaml:3:19: tenant \"acme\": invalid value \"ten\" for allow_networks")
                == true)
    }

    @Test func `TLS settings are refused for http`() {
        let mistakes = load(["http2: true", "pinned_key: \(client.pin)"], url: "http://a.example/").mistakes
        #expect(mistakes.count == 2)
        #expect(mistakes.allSatisfy { $0.contains("needs an https URL") })
    }
}
