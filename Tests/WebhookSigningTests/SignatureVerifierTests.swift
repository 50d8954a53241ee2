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
        SignatureVerifier(try SecretSet(secrets ?? [secret])).verify(
            id: id, timestamp: timestamp ?? String(now), signature: signature, body: body ?? self.body, now: now)
    }

    @Test func acceptsTheReferenceVector() throws {
        for vector in try SignatureVectors.load() {
            let verifier = SignatureVerifier(try SecretSet(written: [vector.secret]))
            let verdict = verifier.verify(
                id: vector.id, timestamp: String(vector.timestamp), signature: vector.signature, body: vector.body.utf8,
                now: vector.timestamp)
            #expect(verdict == .valid(key: 0))
        }
    }

    @Test func seesEveryChangedByte() throws {
        let genuine = try signature(at: now, by: [secret])
        #expect(try verdict(signature: genuine) == .valid(key: 0))
        for index in body.indices {
            var changed = body
            changed[index] ^= 1
            #expect(try verdict(signature: genuine, body: changed) == .wrong)
        }
        #expect(try verdict(signature: genuine, body: body + [0x20]) == .wrong)
        #expect(try verdict(id: "evt_2", signature: genuine) == .wrong)
        #expect(try verdict(timestamp: String(now + 1), signature: genuine) == .wrong)
        for index in 3..<genuine.utf8.count {
            var changed = Array(genuine.utf8)
            changed[index] = changed[index] == 0x41 ? 0x42 : 0x41
            #expect(try verdict(signature: String(decoding: changed, as: UTF8.self)) == .wrong)
        }
    }

    @Test(arguments: [
        (Int64(-301), SignatureVerdict.expired), (-300, .valid(key: 0)), (0, .valid(key: 0)), (300, .valid(key: 0)),
        (301, .future),
    ])
    func toleratesFiveMinutes(skew: Int64, expected: SignatureVerdict) throws {
        let genuine = try signature(at: now + skew, by: [secret])
        #expect(try verdict(timestamp: String(now + skew), signature: genuine) == expected)
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

    @Test func findsItsVersionInAList() throws {
        let genuine = try signature(at: now, by: [secret])
        let foreign = try signature(at: now, by: [old])
        #expect(try verdict(signature: "v1a,AAAA v2,xyz \(foreign)  \(genuine)") == .valid(key: 0))
        #expect(try verdict(signature: "\(genuine) \(foreign)") == .valid(key: 0))
        #expect(try verdict(signature: "\(foreign) v1,short") == .wrong)
    }

    @Test func tellsMissingFromMalformed() throws {
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
}
