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
