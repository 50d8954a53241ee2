/// One live secret with its context, for one message after another. Used by one thread at a time.
struct SigningKey {
    private enum Context {
        case hash(KeyedHash)
        case curve(Ed25519Key)
    }

    private let context: Context
    /// Unix seconds; from then on the secret neither signs nor verifies.
    private let until: Int64
    let algorithm: SignatureScheme.Algorithm
    let encoding: SignatureScheme.Encoding

    /// Bytes of the longest encoded signature (in hex), and one for the NUL that OpenSSL adds to base64.
    static let mostText = 2 * Ed25519Key.signatureBytes + 1

    /// - Precondition: the secret has the form that the scheme requires.
    init(_ member: SecretSet.Member, scheme: SignatureScheme) {
        precondition(
            member.secret.form == scheme.secretForm,
            "a \(scheme.secretForm) secret is required, not \(member.secret.form)")
        algorithm = scheme.algorithm
        encoding = scheme.encoding
        until = member.until ?? .max
        context =
            scheme.algorithm == .ed25519
            ? .curve(Ed25519Key(member.secret.key)) : .hash(KeyedHash(key: member.secret.key, digest: scheme.algorithm))
    }

    func isLive(at seconds: Int64) -> Bool { seconds < until }

    /// Writes the encoded signature of a filled template.
    ///
    /// - Parameter text: space for the signature and one byte more.
    /// - Returns: the signature's length.
    func sign(_ template: MessageTemplate, _ message: MessageBytes, into text: UnsafeMutableRawBufferPointer) -> Int {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { room in
            let signature = UnsafeMutableRawBufferPointer(rebasing: room[..<algorithm.signatureBytes])
            switch context {
            case .hash(let hash):
                hash.begin()
                template.pieces(of: message) { hash.add($0) }
                hash.finish(into: signature)
            case .curve(let key):
                key.begin()
                template.pieces(of: message) { key.add($0) }
                key.finish(into: signature)
            }
            return encoding.write(UnsafeRawBufferPointer(signature), into: text)
        }
    }

    /// Takes a filled template, which `matches` then compares with signatures.
    ///
    /// - Parameter text: where the expected signature is written, if the algorithm has one.
    func prepare(_ template: MessageTemplate, _ message: MessageBytes, into text: UnsafeMutableRawBufferPointer) {
        switch context {
        case .hash: _ = sign(template, message, into: text)
        case .curve(let key):
            key.begin()
            template.pieces(of: message) { key.add($0) }
        }
    }

    /// Whether an encoded signature of the right length belongs to the message last prepared. In constant time for
    /// HMAC. An Ed25519 signature is not compared with anything secret.
    func matches(_ text: UnsafeRawBufferPointer, expected: UnsafeRawBufferPointer) -> Bool {
        switch context {
        case .hash: return ConstantTime.equal(text, expected)
        case .curve(let key):
            guard let signature = encoding.decode(text) else { return false }
            return signature.withUnsafeBytes(key.isSignature)
        }
    }
}
