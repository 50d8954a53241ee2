import Testing
import WebhookSigning

@Suite struct SignerTests {
    @Test func writesTheReferenceSignatures() throws {
        let vectors = try SignatureVectors.reference()
        #expect(vectors.map(\.scheme) == ["standard", "standard-ed25519"])
        for vector in vectors {
            let scheme = try #require(SignatureScheme.named(vector.scheme))
            let signer = Signer(try SecretSet(written: [vector.secret], form: scheme.secretForm), scheme: scheme)
            let signature = signer.signature(id: vector.id, timestamp: vector.timestamp, body: vector.body.utf8)
            #expect(signature == vector.signature)
            // The context is used again.
            #expect(signer.signature(id: vector.id, timestamp: vector.timestamp, body: vector.body.utf8) == signature)
        }
    }

    @Test func writesEverySchemesHeaders() throws {
        let vectors = try SignatureVectors.schemes()
        #expect(Set(vectors.map(\.scheme)).isSuperset(of: SignatureScheme.all.map(\.name)))
        for vector in vectors {
            let signer = Signer(try vector.readSecrets(), scheme: try vector.readScheme())
            let headers = signer.headers(
                id: vector.id, type: vector.type, timestamp: vector.timestamp, body: vector.body.utf8)
            #expect(
                Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) }) == vector.headers,
                "\(vector.scheme)")
        }
    }

    @Test(arguments: 1...4)
    func staysWithinTheComputedSize(secrets: Int) throws {
        for scheme in SignatureScheme.all {
            let set = try SecretSet((0..<secrets).map { _ in SigningSecret.generate(scheme.secretForm) })
            let signer = Signer(set, scheme: scheme)
            let room = signer.headBytes(id: 3, type: 3)
            var output = [UInt8](repeating: 0xEE, count: room + 8)
            var lines: [Range<Int>] = []
            let written = [UInt8]("msg".utf8).withUnsafeBytes { text in
                output.withUnsafeMutableBytes { output in
                    let message = MessageToSign(id: text, type: text, seconds: .max, body: text)
                    return signer.write(message, into: output) { lines.append($0) }
                }
            }
            #expect(written <= room)
            #expect(output[room...].allSatisfy { $0 == 0xEE })
            #expect(lines.count == scheme.headers.count)
            // Each line ends with its NUL and holds no other.
            #expect(
                lines.allSatisfy { output[$0.upperBound] == 0 && !output[$0].contains(0) && !output[$0].contains(0xEE) }
            )
            #expect(lines.last?.upperBound == written - 1)
        }
    }

    @Test func everyLengthOfBodySignsDifferently() throws {
        for scheme in [SignatureScheme.standard, .standardEd25519] {
            let signer = Signer(try SecretSet([SigningSecret.generate(scheme.secretForm)]), scheme: scheme)
            let signatures = (0...200).map {
                signer.signature(id: "m", timestamp: 1, body: [UInt8](repeating: 7, count: $0))
            }
            #expect(Set(signatures).count == 201)
        }
    }

    @Test func anEndedSecretNoLongerSigns() throws {
        let secrets = (0..<3).map { _ in SigningSecret.generate() }
        let set = try SecretSet(members: [
            .init(secrets[0]), .init(secrets[1], until: 1_000), .init(secrets[2], until: 2_000),
        ])
        let signer = Signer(set)
        func signers(at time: Int64) throws -> [Bool] {
            let entries = signer.signature(id: "m", timestamp: time, body: []).split(separator: " ").map(String.init)
            #expect(Set(entries).count == entries.count)
            return try secrets.map { secret in
                entries.contains(Signer(try SecretSet([secret])).signature(id: "m", timestamp: time, body: []))
            }
        }
        #expect(try signers(at: 999) == [true, true, true])
        #expect(try signers(at: 1_000) == [true, false, true])
        #expect(try signers(at: 2_000) == [true, false, false])
    }
}
