import Testing
import WebhookSigning

@Suite struct SignatureSchemeTests {
    private func scheme(
        _ headers: [(String, String)], signs: String = "{body}", algorithm: SignatureScheme.Algorithm = .sha256,
        secretForm: SecretForm = .raw, prefix: String = "", separator: String? = nil
    ) throws -> SignatureScheme {
        try SignatureScheme(
            headers: headers.map { SignatureScheme.Header($0.0, try MessageTemplate($0.1)) },
            signs: MessageTemplate(signs),
            algorithm: algorithm, secretForm: secretForm, prefix: prefix, separator: separator)
    }

    @Test func presetsHaveTheirNames() {
        #expect(
            SignatureScheme.all.map(\.name) == [
                "standard", "standard-ed25519", "svix", "stripe", "github", "x-pt", "x-webhook", "x-signature",
                "convoy", "slack",
                "shopify",
            ])
        #expect(SignatureScheme.all.allSatisfy { SignatureScheme.named($0.name) == $0 })
        #expect(SignatureScheme.named("custom") == nil)
    }

    @Test func readsWhatItWrites() throws {
        let custom = try scheme(
            [("X-Id", "{id}"), ("X-Signature", "t={timestamp} , {signature}")], signs: " {timestamp} {body} ",
            prefix: "a=",
            separator: " , ")
        for scheme in SignatureScheme.all + [custom] {
            #expect(try SignatureScheme(written: scheme.written) == scheme)
        }
        #expect(custom.name == "custom")
    }

    @Test(arguments: [
        "nonsense", "algorithm sha256", "algorithm md5\nsigns {body}", "signs {body}\nheader X-A {signature}\nmore x",
    ])
    func refusesOtherTexts(text: String) {
        #expect(throws: SignatureSchemeError.self) { try SignatureScheme(written: text) }
    }

    @Test(arguments: [
        "{", "}", "{}", "{Body}", "{body", "a}b", "{secret}", "\u{e9}", "a\nb", String(repeating: "x", count: 257),
    ])
    func refusesTemplates(text: String) {
        #expect(throws: SignatureSchemeError.self) { try MessageTemplate(text) }
    }

    private static let broken: [(headers: [(String, String)], signs: String, prefix: String, separator: String?)] = [
        ([], "{body}", "", nil),
        ([("X-A", "{id}")], "{body}", "", nil),
        ([("X-A", "{signature}"), ("X-B", "{signature}")], "{body}", "", nil),
        ([("X-A", "{signature}"), ("x-a", "{id}")], "{body}", "", nil),
        ([("X-A", "{signature}")], "{timestamp}{body}", "", nil),
        ([("X-A", "{signature}")], "static", "", nil),
        ([("X-A", "{signature}")], "{body}{body}", "", nil),
        ([("X-A", "{signature}")], "{body}{signature}", "", nil),
        ([("X-A", "{id}{signature}")], "{body}", "", nil),
        ([("X-A", "{signature}"), ("X-B", "{body}")], "{body}", "", nil),
        ([("X-A", "{signature} ")], "{body}", "", nil),
        ([("X A", "{signature}")], "{body}", "", nil),
        ([("X-A\r\nX-B", "{signature}")], "{body}", "", nil),
        ([("Content-Length", "{signature}")], "{body}", "", nil),
        ([("Proxy-Anything", "{signature}")], "{body}", "", nil),
        ([("X-A", "{signature}")], "{body}", "", ""),
        ([("X-A", "{signature}")], "{body}", "", "a"),
        ([("X-A", "{signature}")], "{body}", "v1,", ","),
        ([("X-A", "{signature}")], "{body}", " v1", nil),
        ([("X-A", "{signature}")], "{body}", String(repeating: "p", count: 17), nil),
        ((0..<9).map { ("X-\($0)", $0 == 0 ? "{signature}" : "x") }, "{body}", "", nil),
    ]

    @Test(arguments: broken.indices) func refusesSchemesThatCannotWork(index: Int) {
        let broken = SignatureSchemeTests.broken[index]
        #expect(throws: SignatureSchemeError.self) {
            try scheme(broken.headers, signs: broken.signs, prefix: broken.prefix, separator: broken.separator)
        }
    }

    @Test func ed25519GoesWithItsKeysOnly() {
        #expect(throws: SignatureSchemeError.wrongSecretForm) {
            try scheme([("X-A", "{signature}")], algorithm: .ed25519)
        }
        #expect(throws: SignatureSchemeError.wrongSecretForm) {
            try scheme([("X-A", "{signature}")], secretForm: .ed25519)
        }
    }
}
