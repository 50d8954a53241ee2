import Testing
import WebhookSigning

@Suite struct SignerTests {
    @Test func writesTheReferenceSignature() throws {
        let vectors = try SignatureVectors.load()
        #expect(!vectors.isEmpty)
        for vector in vectors {
            let signer = Signer(try SecretSet(written: [vector.secret]))
            let signature = signer.signature(id: vector.id, timestamp: vector.timestamp, body: vector.body.utf8)
            #expect(signature == vector.signature)
            // The context is used again.
            #expect(signer.signature(id: vector.id, timestamp: vector.timestamp, body: vector.body.utf8) == signature)
        }
    }

    @Test func everyLiveSecretSigns() throws {
        let vector = try SignatureVectors.load()[0]
        let other = SigningSecret.generate()
        let both = Signer(try SecretSet([other, try SigningSecret(vector.secret)]))
        let parts = both.signature(id: vector.id, timestamp: vector.timestamp, body: vector.body.utf8).split(separator: " ")
        let alone = Signer(try SecretSet([other])).signature(
            id: vector.id, timestamp: vector.timestamp, body: vector.body.utf8)
        #expect(parts.map(String.init) == [alone, vector.signature])
    }

    @Test(arguments: 1...4)
    func writesExactlyItsLength(secrets: Int) throws {
        let signer = Signer(try SecretSet((0..<secrets).map { _ in SigningSecret.generate() }))
        #expect(signer.signatureLength == secrets * 48 - 1)
        var output = [UInt8](repeating: 0xEE, count: signer.signatureLength + 8)
        let written = [UInt8]("msg".utf8).withUnsafeBytes { text in
            output.withUnsafeMutableBytes { signer.sign(id: text, timestamp: text, body: text, into: $0) }
        }
        #expect(written == signer.signatureLength)
        #expect(output[written...].allSatisfy { $0 == 0xEE })
        #expect(!output[..<written].contains(0xEE) && !output[..<written].contains(0))
    }

    @Test func everyLengthOfBodySignsDifferently() throws {
        let signer = Signer(try SecretSet([SigningSecret.generate()]))
        let signatures = (0...200).map { signer.signature(id: "m", timestamp: 1, body: [UInt8](repeating: 7, count: $0)) }
        #expect(Set(signatures).count == 201)
    }
}
