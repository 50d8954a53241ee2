import Glibc
import NeedletailServer
import Settings
import TestSupport
import Testing
import WebhookModel

@Suite struct SecretFileTests {
    private let directory = TemporaryDirectory()

    private func write(_ bytes: [UInt8], to name: String) -> String {
        let path = "\(directory.path)/\(name)"
        let file = fopen(path, "w")
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
        return path
    }

    private func plan(secretIn path: String) throws(InputMistakes) -> ProvisioningPlan {
        try ProvisioningPlan.load(
            text: "tenants: [{ name: a, endpoints: [{ name: e, url: \"https://a.example\", secret_file: \(path) }] }]"
                .whole,
            named: "p.yaml")
    }

    @Test(arguments: ["", "\n", "\r\n", "\n\n"]) func `line feeds at the end of a secret file do not count`(end: String)
        throws
    {
        let path = write(Array((secretText + end).utf8), to: "secret")
        #expect(try plan(secretIn: path).tenants[0].endpoints[0].settings.secrets == [EndpointSecret(secretText)])
    }

    @Test func `a file without text is refused and named`() {
        let cases = [
            (write([], to: "empty"), "is empty"), (write([0xFF, 0xFE], to: "bytes"), "not UTF-8 text"),
            (directory.path, "Is a directory"),
            (write([UInt8](repeating: 0x61, count: (16 << 20) + 1), to: "large"), "larger than 16MiB"),
        ]
        for (path, reason) in cases {
            let mistakes = #expect(throws: InputMistakes.self) { try plan(secretIn: path) }
            #expect(mistakes?.lines.count == 1)
            #expect(mistakes?.description.contains(path) == true)
            #expect(mistakes?.description.contains(reason) == true, "\(mistakes?.description ?? "")")
        }
    }

    // F34: the command took the first line of a key file, the server all of them.
    @Test func `a file of two lines is refused and named`() {
        let path = write(Array((secretText + "\nold: x\n").utf8), to: "two")
        let mistakes = #expect(throws: InputMistakes.self) { try plan(secretIn: path) }
        #expect(mistakes?.lines.count == 1)
        #expect(mistakes?.lines.first?.contains("\(path) has more than one line; expected the value alone") == true)
    }

    @Test func `a byte order mark is no part of a file`() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let path = write(mark + Array((secretText + "\r\n").utf8), to: "marked")
        let line = "tenants: [{ name: a, endpoints: [{ name: e, url: \"https://a.example\", secret_file: \(path) }] }]"
        let file = write(mark + Array(line.whole.utf8), to: "p.yaml")
        let plan = try ProvisioningPlan.load(
            file: file, environment: [:], allowHTTP: false, networks: ServerNetworks())
        #expect(plan.tenants[0].endpoints[0].settings.secrets == [EndpointSecret(secretText)])
        let configuration = write(mark + Array("ingest: { port: 7777 }\n".utf8), to: "n.yaml")
        #expect(try ServerConfiguration.load(file: configuration, environment: [:]).ingest.port == 7_777)
    }

    // F32: relative paths depended on the directory of the process, and the messages showed only the name.
    @Test func `a relative path begins beside the file that names it`() throws {
        _ = write(Array(secretText.utf8), to: "secret-of-acme")
        func line(_ secret: String) -> String {
            "tenants: [{ name: a, endpoints: [{ name: e, url: \"https://a.example\", secret_file: \(secret) }] }]".whole
        }
        func load(_ text: String) throws(InputMistakes) -> ProvisioningPlan {
            try ProvisioningPlan.load(
                file: write(Array(text.utf8), to: "p.yaml"), environment: [:], allowHTTP: false,
                networks: ServerNetworks())
        }
        #expect(
            try load(line("secret-of-acme")).tenants[0].endpoints[0].settings.secrets == [EndpointSecret(secretText)])
        let mistakes = #expect(throws: InputMistakes.self) { try load(line("secrets/nowhere")) }
        #expect(
            mistakes?.lines.first?.contains("\(directory.path)/secrets/nowhere: cannot be read: No such file") == true,
            "\(mistakes?.lines ?? [])")
    }

    @Test func `the files that a configuration names begin beside it, what the server writes does not`() throws {
        let text = """
            data: { directory: data }
            provision: { file: p.yaml }
            ingest: { tls: { certificate: tls/cert.pem, key: /etc/key.pem, client_certificates: optional } }
            secrets: { master_key_file: key, previous_master_key_files: [old, /older] }
            """
        let file = write(Array(text.utf8), to: "n.yaml")
        let configuration = try ServerConfiguration.load(
            file: file, environment: ["NEEDLETAIL_INGEST_TLS_CLIENT_CA": "ca.pem"])
        #expect(configuration.dataDirectory == "data")
        #expect(configuration.provisioningFile == directory.path + "/p.yaml")
        #expect(configuration.ingest.tls.certificate == directory.path + "/tls/cert.pem")
        #expect(configuration.ingest.tls.key == "/etc/key.pem")
        #expect(configuration.ingest.tls.clientCA == "ca.pem")
        #expect(configuration.secrets.masterKeyFile == directory.path + "/key")
        #expect(configuration.secrets.previousMasterKeyFiles == [directory.path + "/old", "/older"])
    }

    // F34: an anchor with a merge key ended in `unknown key <<`.
    @Test func `anchors can be merged`() throws {
        let text = """
            tenants:
              - name: a
                endpoints:
                  - &base { name: first, url: "https://a.example", secret: \(secretText), window: 7 }
                  - { <<: *base, name: second }
                  - { <<: [{ window: 9 }, *base], name: third, timeout: 5s }
            """
        let endpoints = try ProvisioningPlan.load(text: text.whole, named: "p.yaml").tenants[0].endpoints
        #expect(endpoints.map(\.name) == ["first", "second", "third"])
        #expect(endpoints.map(\.settings.window) == [7, 7, 9])
        #expect(endpoints.allSatisfy { $0.settings.url == "https://a.example/" })
        let mistakes = #expect(throws: InputMistakes.self) {
            try ProvisioningPlan.load(text: "tenants: [{ name: a, <<: b }]".whole, named: "p.yaml")
        }
        #expect(mistakes?.lines == ["p.yaml:1:22: << needs a map, or a list of maps: <<: *anchor"])
    }

    @Test func `each repeated tenant reads its own secret`() throws {
        let path = write(Array(secretText.utf8), to: "secret-000")
        let plan = try ProvisioningPlan.load(
            text: """
                tenants:
                  - name: "t{n}"
                    repeat: 1
                    endpoints: [{ name: e, url: "https://a.example", secret_file: "\(directory.path)/secret-{n}" }]
                """.whole, named: "p.yaml")
        #expect(plan.tenants[0].endpoints[0].settings.secrets == [EndpointSecret(secretText)])
        #expect(path.hasSuffix("secret-000"))
    }

    @Test func `only the first of very many mistakes are reported`() {
        let endpoints = (1...300).map {
            "      - { name: e\($0), url: \"https://a.example\", secret_file: \"/nowhere/\($0)\" }"
        }
        let text = (["tenants:", "  - name: t", "    endpoints:"] + endpoints).joined(separator: "\n") + "\n"
        let mistakes = #expect(throws: InputMistakes.self) {
            try ProvisioningPlan.load(text: text.whole, named: "p.yaml")
        }
        #expect(mistakes?.lines.count == 201)
        #expect(mistakes?.lines.last == "more mistakes are not shown; correct these first")
    }
}
