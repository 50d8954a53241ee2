import Testing
import WebhookSigning

@Suite struct SigningSecretTests {
    @Test func readsWhatItWrites() throws {
        for length in [24, 25, 26, 32, 63, 64] {
            let secret = try SigningSecret(key: [UInt8](0..<UInt8(length)))
            #expect(try SigningSecret(secret.reveal()) == secret)
        }
        #expect(
            try SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").reveal()
                == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    @Test func generatesDifferentSecretsOf32Bytes() throws {
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
        ("whsec_", .wrongLength(0, wanted: 24...64)),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ=", .wrongLength(23, wanted: 24...64)),
    ])
    func refusesInWords(text: String, error: SigningSecretError) {
        #expect(throws: error) { try SigningSecret(text) }
        #expect(!error.description.contains("MfKQ"))
    }

    @Test func refusesAKeyOver64Bytes() {
        #expect(throws: SigningSecretError.wrongLength(65, wanted: 24...64)) {
            try SigningSecret(key: [UInt8](repeating: 1, count: 65))
        }
    }

    @Test func setsAreBounded() throws {
        #expect(throws: SigningSecretError.noSecret) { try SecretSet([]) }
        #expect(throws: SigningSecretError.tooManySecrets(5)) {
            try SecretSet((0..<5).map { _ in SigningSecret.generate() })
        }
    }

    @Test(arguments: SecretForm.allCases) func everyFormReadsWhatItWrites(form: SecretForm) throws {
        let secret = SigningSecret.generate(form)
        #expect(try SigningSecret(secret.reveal(), form: form) == secret)
        #expect(secret.canSign)
        #expect((secret.publicHalf != nil) == (form == .ed25519))
    }

    @Test(arguments: [
        ("short", SecretForm.raw, SigningSecretError.wrongLength(5, wanted: 16...256)),
        ("has a space in the text", .raw, .notVisible),
        ("AAAAAAAAAAAAAAAAAAAA", .base64, .wrongLength(15, wanted: 16...128)),
        ("****************", .base64, .notBase64),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .ed25519, .wrongCurvePrefix),
        ("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .ed25519, .wrongLength(24, wanted: 32...32)),
        ("whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", .ed25519, .wrongLength(24, wanted: 32...64)),
        // The last byte of the reference key's public half is changed.
        (
            "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvw==", .ed25519,
            .halvesDiffer
        ),
    ])
    func refusesOtherFormsInWords(text: String, form: SecretForm, error: SigningSecretError) {
        #expect(throws: error) { try SigningSecret(text, form: form) }
    }

    @Test func setsHoldOneFormAndANewestWithoutEnd() throws {
        #expect(throws: SigningSecretError.mixedForms) {
            try SecretSet([SigningSecret.generate(.whsec), .generate(.raw)])
        }
        #expect(throws: SigningSecretError.newestExpires) { try SecretSet(members: [.init(.generate(), until: 5)]) }
    }

    @Test func aSecretIsNeverShown() throws {
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
