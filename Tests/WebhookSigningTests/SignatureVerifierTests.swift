import Testing
import WebhookSigning

@Suite struct SignatureVerifierTests {
    let secret = SigningSecret.generate()
    let old = SigningSecret.generate()
    let now: Int64 = 1_700_000_000
    let body = Array(#"{"hello":"world"}"#.utf8)

    /// A genuine message, signed now with `secret` alone.
    private func signature(at time: Int64, by secrets: [SigningSecret]) throws -> String {
        Signer(try SecretSet(secrets)).signature(id: "evt_1", timestamp: time, body: body)
    }

    private func verdict(
        id: String? = "evt_1", timestamp: String? = nil, signature: String?, body: [UInt8]? = nil,
        secrets: [SigningSecret]? = nil
    ) throws -> SignatureVerdict {
        let headers = [
            "webhook-id": id, "webhook-timestamp": timestamp ?? String(now), "webhook-signature": signature,
        ]
        return SignatureVerifier(try SecretSet(secrets ?? [secret])).verify(
            headers.compactMapValues(\.self), body: body ?? self.body, now: now)
    }

    @Test func acceptsEveryVector() throws {
        for vector in try SignatureVectors.schemes() {
            let verifier = SignatureVerifier(try vector.readSecrets(), scheme: try vector.readScheme())
            let verdict = verifier.verify(vector.headers, body: vector.body.utf8, now: vector.timestamp)
            #expect(verdict == .valid(key: 0), "\(vector.scheme)")
        }
    }

    @Test func aPublicKeyVerifies() throws {
        let vector = try #require(try SignatureVectors.schemes().first { $0.scheme == "standard-ed25519" })
        let pair = try SigningSecret(vector.secrets[0], form: .ed25519)
        let half = try #require(pair.publicHalf)
        #expect(half.reveal().hasPrefix("whpk_") && !half.canSign)
        #expect(try SigningSecret(half.reveal(), form: .ed25519) == half)
        let verifier = SignatureVerifier(try SecretSet([half]), scheme: .standardEd25519)
        #expect(verifier.verify(vector.headers, body: vector.body.utf8, now: vector.timestamp) == .valid(key: 0))
        #expect(
            verifier.verify(vector.headers, body: Array(vector.body.utf8) + [0x20], now: vector.timestamp) == .wrong)
    }

    @Test func detectsEveryChangedByteOfTheBodyInEveryScheme() throws {
        for vector in try SignatureVectors.schemes() {
            let verifier = SignatureVerifier(try vector.readSecrets(), scheme: try vector.readScheme())
            for index in vector.body.utf8.indices.enumerated().map(\.offset) {
                var changed = Array(vector.body.utf8)
                changed[index] ^= 1
                #expect(
                    verifier.verify(vector.headers, body: changed, now: vector.timestamp) == .wrong, "\(vector.scheme)")
            }
        }
    }

    @Test func detectsEveryChangedByteOfTheHeadersInEveryScheme() throws {
        for vector in try SignatureVectors.schemes() {
            let scheme = try vector.readScheme()
            // One secret, so that the other does not save a spoilt list.
            let secrets = try SecretSet([try vector.readSecrets().secrets[0]])
            let verifier = SignatureVerifier(secrets, scheme: scheme)
            let headers = Signer(secrets, scheme: scheme).headers(
                id: vector.id, type: vector.type, timestamp: vector.timestamp, body: vector.body.utf8)
            let signed = scheme.signs.text + "{signature}"
            for (place, header) in headers.enumerated() {
                let template = scheme.headers[place].value.text
                let matters = ["{id}", "{timestamp}", "{type}", "{signature}"].contains {
                    template.contains($0) && signed.contains($0)
                }
                for index in header.value.utf8.indices.enumerated().map(\.offset) {
                    var value = Array(header.value.utf8)
                    value[index] = value[index] == 0x31 ? 0x32 : 0x31
                    var changed = Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) })
                    changed[header.name] = String(decoding: value, as: UTF8.self)
                    let verdict = verifier.verify(changed, body: vector.body.utf8, now: vector.timestamp)
                    let isWhole = changed[header.name] == header.value || !matters
                    #expect((verdict == .valid(key: 0)) == isWhole, "\(vector.scheme): \(changed[header.name] ?? "")")
                }
            }
        }
    }

    @Test(arguments: [
        (Int64(-301), SignatureVerdict.expired), (-300, .valid(key: 0)), (0, .valid(key: 0)), (300, .valid(key: 0)),
        (301, .future),
    ])
    func toleratesFiveMinutesIfATimeIsSigned(skew: Int64, expected: SignatureVerdict) throws {
        for scheme in SignatureScheme.all {
            let set = try SecretSet([SigningSecret.generate(scheme.secretForm)])
            let headers = Signer(set, scheme: scheme).headers(id: "m", type: "t", timestamp: now + skew, body: body)
            let verdict = SignatureVerifier(set, scheme: scheme).verify(
                Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) }), body: body, now: now)
            #expect(verdict == (scheme.signsTime ? expected : .valid(key: 0)), "\(scheme.name)")
        }
    }

    @Test func aWrongSignatureIsWrongWhateverItsTime() throws {
        let foreign = try signature(at: now - 9_999, by: [old])
        #expect(try verdict(timestamp: String(now - 9_999), signature: foreign) == .wrong)
    }

    @Test func rotationAcceptsOldAndNew() throws {
        let both = [secret, old]
        #expect(try verdict(signature: signature(at: now, by: [secret]), secrets: both) == .valid(key: 0))
        #expect(try verdict(signature: signature(at: now, by: [old]), secrets: both) == .valid(key: 1))
        #expect(try verdict(signature: signature(at: now, by: both), secrets: [old]) == .valid(key: 0))
        #expect(try verdict(signature: signature(at: now, by: [secret]), secrets: [old]) == .wrong)
    }

    @Test func anEndedSecretNoLongerVerifies() throws {
        let headers = [
            "webhook-id": "evt_1", "webhook-timestamp": String(now),
            "webhook-signature": try signature(at: now, by: [old]),
        ]
        for (until, expected) in [(now + 1, SignatureVerdict.valid(key: 1)), (now, .wrong)] {
            let set = try SecretSet(members: [.init(secret), .init(old, until: until)])
            #expect(SignatureVerifier(set).verify(headers, body: body, now: now) == expected)
        }
    }

    @Test func findsItsVersionInAList() throws {
        let genuine = try signature(at: now, by: [secret])
        let foreign = try signature(at: now, by: [old])
        #expect(try verdict(signature: "v1a,AAAA v2,xyz \(foreign)  \(genuine)") == .valid(key: 0))
        #expect(try verdict(signature: "\(genuine) \(foreign)") == .valid(key: 0))
        #expect(try verdict(signature: "\(foreign) v1,short") == .wrong)
    }

    @Test func distinguishesMissingAndMalformedSignatures() throws {
        let genuine = try signature(at: now, by: [secret])
        #expect(try verdict(id: nil, signature: genuine) == .missing)
        #expect(try verdict(timestamp: "", signature: genuine) == .missing)
        #expect(try verdict(signature: nil) == .missing)
        #expect(try verdict(timestamp: "1e9", signature: genuine) == .malformed)
        #expect(try verdict(timestamp: "-1700000000", signature: genuine) == .malformed)
        #expect(try verdict(timestamp: String(repeating: "9", count: 19), signature: genuine) == .malformed)
        #expect(try verdict(signature: String(genuine.dropFirst(3))) == .malformed)
        #expect(try verdict(signature: "v1,") == .malformed)
        #expect(try verdict(signature: "v1a," + genuine.dropFirst(3)) == .malformed)
        #expect(try verdict(signature: genuine + "=") == .malformed)
        #expect(try verdict(signature: "   ") == .malformed)
    }

    @Test(arguments: [
        "", "t=", "t=1614265330", "v1=00,t=1614265330", "t=,v1=00", "t=1614265330,v1=00",
        "t=16x,v1=\(String(repeating: "0", count: 64))",
    ])
    func refusesStripeHeadersOfAnotherForm(value: String) throws {
        let verifier = SignatureVerifier(try SecretSet([.generate(.raw)]), scheme: .stripe)
        let verdict = verifier.verify(["stripe-signature": value], body: [], now: 1_614_265_330)
        #expect(verdict == (value.isEmpty ? .missing : .malformed))
    }
}
