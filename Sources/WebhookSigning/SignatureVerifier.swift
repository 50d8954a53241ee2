/// What a receiver thinks of a message's signature.
public enum SignatureVerdict: Sendable, Equatable {
    /// Signed by the live secret of this place in the set (0: newest) and within the tolerance.
    case valid(key: Int)
    /// Rightly signed, too long ago.
    case expired
    /// Rightly signed, but at a time that has not come.
    case future
    /// Signed by no live secret, or changed on the way.
    case wrong
    /// No id, no timestamp or no signature.
    case missing
    /// A timestamp that is no number, or no `v1,` signature of the right form.
    case malformed
}

/// Checks messages against the live secrets of one endpoint, in constant time.
///
/// Holds keyed contexts, as `Signer` does. Not Sendable: one thread owns it.
public final class SignatureVerifier {
    private let hashes: [KeyedHash]
    private let version: [UInt8]
    private let tolerance: Int64

    /// Seconds that a message's timestamp may be away from now.
    public static let standardTolerance: Int64 = 300

    /// - Parameter tolerance: seconds, either way.
    public init(
        _ secrets: SecretSet, scheme: SignatureScheme = .standard, tolerance: Int64 = SignatureVerifier.standardTolerance
    ) {
        hashes = secrets.secrets.map { KeyedHash(key: $0.key) }
        version = Array(scheme.version.utf8)
        self.tolerance = tolerance
    }

    /// Checks one message from raw header values and body: no allocation, no text.
    ///
    /// A wrong signature is `wrong` whatever its time, so that `expired` and `future` speak of genuine messages only.
    ///
    /// - Parameters:
    ///   - id, timestamp, signature: header values without surrounding spaces; empty where the header is absent.
    ///   - now: Unix seconds.
    public func verify(
        id: UnsafeRawBufferPointer, timestamp: UnsafeRawBufferPointer, signature: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer, now: Int64
    ) -> SignatureVerdict {
        guard !id.isEmpty, !timestamp.isEmpty, !signature.isEmpty else { return .missing }
        guard let seconds = SignatureVerifier.seconds(timestamp) else { return .malformed }
        for (key, hash) in hashes.enumerated() {
            switch search(signature, for: hash.standardSignature(id: id, timestamp: timestamp, body: body)) {
            case .noCandidate: return .malformed
            case .absent: continue
            case .found where seconds < now - tolerance: return .expired
            case .found where seconds > now + tolerance: return .future
            case .found: return .valid(key: key)
            }
        }
        return .wrong
    }

    /// Checks one message from header texts; nil where the header is absent.
    public func verify(
        id: String?, timestamp: String?, signature: String?, body: some Sequence<UInt8>, now: Int64
    ) -> SignatureVerdict {
        let body = Array(body)
        return Array((id ?? "").utf8).withUnsafeBytes { id in
            Array((timestamp ?? "").utf8).withUnsafeBytes { timestamp in
                Array((signature ?? "").utf8).withUnsafeBytes { signature in
                    body.withUnsafeBytes { body in
                        verify(id: id, timestamp: timestamp, signature: signature, body: body, now: now)
                    }
                }
            }
        }
    }

    private enum Finding {
        /// No entry has the form that this scheme writes.
        case noCandidate
        case absent
        case found
    }

    /// Looks for the hash in the space-separated list. Looks at every entry, so that the time does not tell which matched.
    private func search(_ list: UnsafeRawBufferPointer, for expected: UnsafeRawBufferPointer) -> Finding {
        var finding = Finding.noCandidate
        var start = 0
        while start < list.count {
            let end = list[start...].firstIndex(of: UInt8(ascii: " ")) ?? list.count
            if end - start == version.count + expected.count, list[start...].starts(with: version) {
                let text = UnsafeRawBufferPointer(rebasing: list[(start + version.count)..<end])
                let equal = ConstantTime.equal(text, expected)
                if equal || finding == .noCandidate { finding = equal ? .found : .absent }
            }
            start = end + 1
        }
        return finding
    }

    /// Decimal digits, at most 18 of them, so that nothing overflows.
    private static func seconds(_ digits: UnsafeRawBufferPointer) -> Int64? {
        guard digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }
}
