import Testing
import WebhookSigning

@Suite struct SigningSecretTests {
    @Test func readsWhatItWrites() throws {
        for length in [24, 25, 26, 32, 63, 64] {
            let secret = try SigningSecret(key: [UInt8](0..<UInt8(length)))
            #expect(try SigningSecret(secret.reveal()) == secret)
        }
        #expect(try SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").reveal() == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    @Test func generatesUnlikeSecretsOf32Bytes() throws {
        let secrets = (0..<64).map { _ in SigningSecret.generate() }
        #expect(Set(secrets).count == 64)
        #expect(secrets.allSatisfy { $0.reveal().utf8.count == 6 + 44 })
    }

    @Test(arguments: [
        ("", SigningSecretError.wrongPrefix),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .wrongPrefix),
        ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .wrongPrefix),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa w", .notBase64),
        ("whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_", .notBase64),
        ("whsec_MfKQ=r8GKYqrTwjUPD8ILPZIo2LaLaSw", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaL===", .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", .notBase64),
        ("whsec_", .wrongLength(0)),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ=", .wrongLength(23)),
    ])
    func refusesInWords(text: String, error: SigningSecretError) {
        #expect(throws: error) { try SigningSecret(text) }
        #expect(!error.description.contains("MfKQ"))
    }

    @Test func refusesAKeyOver64Bytes() {
        #expect(throws: SigningSecretError.wrongLength(65)) { try SigningSecret(key: [UInt8](repeating: 1, count: 65)) }
    }

    @Test func setsAreBounded() throws {
        #expect(throws: SigningSecretError.noSecret) { try SecretSet([]) }
        #expect(throws: SigningSecretError.tooManySecrets(5)) {
            try SecretSet((0..<5).map { _ in SigningSecret.generate() })
        }
    }

    @Test func isNeverShown() throws {
        let secret = SigningSecret.generate()
        let hidden = secret.reveal().dropFirst(6).prefix(8)
        var shown = "\(secret) \(String(reflecting: secret)) \(try SecretSet([secret]))"
        dump(try SecretSet([secret]), to: &shown)
        #expect(!shown.contains(hidden))
        // A mirror would show the key as numbers.
        #expect(!shown.contains("elements"))
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }
}
