/// Signs messages with every live secret of one endpoint.
///
/// Keeps one keyed context per secret, so signing 512 bytes costs about half a microsecond. Not Sendable: one thread owns it.
public final class Signer {
    public let scheme: SignatureScheme
    private let hashes: [KeyedHash]
    private let version: [UInt8]

    /// Exactly the bytes that `sign` writes: 47 for each secret and a space between.
    public let signatureLength: Int

    public init(_ secrets: SecretSet, scheme: SignatureScheme = .standard) {
        self.scheme = scheme
        hashes = secrets.secrets.map { KeyedHash(key: $0.key) }
        version = Array(scheme.version.utf8)
        signatureLength = hashes.count * (version.count + KeyedHash.base64Length + 1) - 1
    }

    /// Writes the signature header's value: no allocation, no text.
    ///
    /// - Parameters:
    ///   - id: the bytes of `webhook-id`.
    ///   - timestamp: the digits of `webhook-timestamp`, Unix seconds.
    ///   - body: the whole body.
    ///   - output: at least `signatureLength` bytes; exactly so many are written.
    /// - Returns: `signatureLength`.
    @discardableResult
    public func sign(
        id: UnsafeRawBufferPointer, timestamp: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(output.count >= signatureLength, "the signature needs \(signatureLength) bytes")
        var offset = 0
        for hash in hashes {
            if offset > 0 {
                output[offset] = UInt8(ascii: " ")
                offset += 1
            }
            offset = write(version: output, at: offset)
            let text = hash.standardSignature(id: id, timestamp: timestamp, body: body)
            UnsafeMutableRawBufferPointer(rebasing: output[offset...]).copyMemory(from: text)
            offset += text.count
        }
        return offset
    }

    /// The signature header's value as text: for tools and tests.
    ///
    /// - Parameter timestamp: Unix seconds.
    public func signature(id: String, timestamp: Int64, body: some Sequence<UInt8>) -> String {
        let id = Array(id.utf8)
        let timestamp = Array(String(timestamp).utf8)
        let body = Array(body)
        var output = [UInt8](repeating: 0, count: signatureLength)
        id.withUnsafeBytes { id in
            timestamp.withUnsafeBytes { timestamp in
                body.withUnsafeBytes { body in
                    output.withUnsafeMutableBytes { output in
                        _ = sign(id: id, timestamp: timestamp, body: body, into: output)
                    }
                }
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private func write(version output: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        for (index, byte) in version.enumerated() { output[offset + index] = byte }
        return offset + version.count
    }
}

extension KeyedHash {
    /// The base64 HMAC of `{id}.{timestamp}.{body}`, valid until this context's next message.
    func standardSignature(
        id: UnsafeRawBufferPointer, timestamp: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let dot = UInt8(ascii: ".")
        begin()
        add(id)
        add(dot)
        add(timestamp)
        add(dot)
        add(body)
        return finish()
    }
}
