import Testing
import WebhookModel
import WebhookSigning

/// The primitives against their standards' own examples, through the public faces.
@Suite struct StandardVectorTests {
    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.compactMap(HexDigits.value)
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private func hex(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [HexDigits.lower($0 >> 4), HexDigits.lower($0 & 15)] }, as: UTF8.self)
    }

    private func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
            for place in 0..<4 {
                text.append(start + place <= bytes.count ? alphabet[group >> (18 - 6 * place) & 63] : "=")
            }
        }
        return text
    }

    /// A scheme that signs the body alone.
    private func plain(_ algorithm: SignatureScheme.Algorithm, _ form: SecretForm) throws -> SignatureScheme {
        try SignatureScheme(
            headers: [SignatureScheme.Header("X-Signature", try MessageTemplate("{signature}"))],
            signs: MessageTemplate("{body}"), algorithm: algorithm, secretForm: form)
    }

    // RFC 4231 sections 4.2 and 4.4; RFC 2202 section 3.
    @Test(arguments: [
        (
            SignatureScheme.Algorithm.sha256, [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            .sha512, [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"
        ),
        (
            .sha1, [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b617318655057264e28bc0b6fb378c8ef146be00"
        ),
        (
            .sha256, [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
    ])
    func hmac(algorithm: SignatureScheme.Algorithm, key: [UInt8], data: [UInt8], expected: String) throws {
        let signer = Signer(try SecretSet(written: [base64(key)], form: .base64), scheme: try plain(algorithm, .base64))
        #expect(signer.signature(timestamp: 0, body: data) == expected)
    }

    // RFC 8032 section 7.1, tests 1 to 3.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ])
    func ed25519(seed: String, publicKey: String, message: String, signature: String) throws {
        let pair = try SigningSecret("whsk_" + base64(bytes(seed + publicKey)), form: .ed25519)
        #expect(try SigningSecret("whsk_" + base64(bytes(seed)), form: .ed25519) == pair)
        #expect(pair.publicHalf?.reveal() == "whpk_" + base64(bytes(publicKey)))
        let scheme = try plain(.ed25519, .ed25519)
        let signer = Signer(try SecretSet([pair]), scheme: scheme)
        #expect(signer.signature(timestamp: 0, body: bytes(message)) == signature)
        let verifier = SignatureVerifier(try SecretSet([try #require(pair.publicHalf)]), scheme: scheme)
        #expect(verifier.verify(["X-Signature": signature], body: bytes(message), now: 0) == .valid(key: 0))
    }

    // "The Galois/Counter Mode of Operation", McGrew and Viega, appendix B, test cases 13, 14 and 16.
    @Test(arguments: [
        (
            String(repeating: "0", count: 64), String(repeating: "0", count: 24), "", "",
            "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        (
            String(repeating: "0", count: 64), String(repeating: "0", count: 24), String(repeating: "0", count: 32), "",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        ),
        (
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ])
    func aes256GCM(key: String, nonce: String, plain: String, context: String, sealed: String) {
        let (key, nonce, plain, context) = (bytes(key), bytes(nonce), bytes(plain), bytes(context))
        let made = SealingCipher.seal(plain, key: key, nonce: nonce, context: context)
        #expect(hex(made) == sealed)
        #expect(SealingCipher.open(made, key: key, nonce: nonce, context: context) == plain)
        for index in made.indices {
            var changed = made
            changed[index] ^= 1
            #expect(SealingCipher.open(changed, key: key, nonce: nonce, context: context) == nil)
        }
    }
}
