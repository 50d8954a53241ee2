import WebhookModel

/// The result of checking a message's signature.
public enum SignatureVerdict: Sendable, Equatable {
    /// Signed by the live secret at this index of the set (0: newest) and, if the scheme signs a time, within the
    /// tolerance.
    case valid(key: Int)
    /// Correctly signed, but too long ago.
    case expired
    /// Correctly signed, but at a time in the future.
    case future
    /// Not signed by a live secret, or changed on the way.
    case wrong
    /// A header that the scheme needs is absent.
    case missing
    /// A header does not have the scheme's form: a timestamp that is not a number, or no signature of the right length.
    case malformed
}

/// Checks messages of one scheme against the live secrets of one endpoint. HMACs are compared in constant time.
///
/// Holds keyed contexts, as `Signer` does. Not Sendable: one thread owns it.
public final class SignatureVerifier {
    private let keys: [SigningKey]
    private let needed: [Header]
    private let signs: MessageTemplate
    private let signsTime: Bool
    private let prefix: [UInt8]
    private let separator: [UInt8]
    private let signatureCount: Int
    private let tolerance: Int64
    private let expected: UnsafeMutableRawBufferPointer
    /// The timestamp of the last checked message in Unix seconds, whether or not its signature was right; nil: it had
    /// no readable timestamp.
    package private(set) var latestSeconds: Int64?

    private struct Header {
        /// In lower case.
        let name: [UInt8]
        let value: MessageTemplate
    }

    /// Seconds that a message's timestamp may be away from now.
    public static let standardTolerance: Int64 = Limits.signatureToleranceSeconds

    /// - Parameters:
    ///   - secrets: in the form that the scheme requires; for Ed25519 public halves are enough.
    ///   - tolerance: seconds, in both directions.
    public init(
        _ secrets: SecretSet, scheme: SignatureScheme = .standard,
        tolerance: Int64 = SignatureVerifier.standardTolerance
    ) {
        keys = secrets.members.map { SigningKey($0, scheme: scheme) }
        // A header that is neither signed nor a signature may be absent.
        let wanted = Set(scheme.signs.variables).union([.signature])
        needed = scheme.headers.filter { !wanted.isDisjoint(with: $0.value.variables) }.map { header in
            Header(name: Array(header.name.lowercased().utf8), value: header.value)
        }
        signs = scheme.signs
        signsTime = scheme.signsTime
        prefix = Array(scheme.prefix.utf8)
        separator = Array((scheme.separator ?? "").utf8)
        signatureCount = scheme.encoding.length(of: scheme.algorithm.signatureBytes)
        self.tolerance = tolerance
        expected = .allocate(byteCount: SigningKey.mostText, alignment: 1)
        expected.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { expected.deallocate() }

    /// Checks one message from raw header values and body. Allocates nothing for HMAC schemes.
    ///
    /// A wrong signature is `wrong` whatever its time, so `expired` and `future` are reported for genuine messages
    /// only.
    ///
    /// - Parameters:
    ///   - body: as received. JSON that was parsed and written again has other bytes.
    ///   - now: Unix seconds.
    ///   - header: returns the value of the header with this name (lower case) without surrounding spaces; empty: it is
    /// absent. The bytes must stay valid until the call returns.
    public func verify(
        body: UnsafeRawBufferPointer, now: Int64, header: (_ name: [UInt8]) -> UnsafeRawBufferPointer
    ) -> SignatureVerdict {
        var message = MessageBytes(body: body)
        latestSeconds = nil
        for field in needed {
            let value = header(field.name)
            guard !value.isEmpty else { return .missing }
            guard field.value.read(value, into: &message) else { return .malformed }
        }
        var seconds = now
        if signsTime {
            guard let written = DecimalSeconds.read(message.timestamp) else { return .malformed }
            seconds = written
            latestSeconds = written
        }
        for (place, key) in keys.enumerated() where key.isLive(at: now) {
            key.prepare(signs, message, into: expected)
            switch search(message.signature, for: key) {
            case .noCandidate: return .malformed
            case .absent: continue
            case .found where seconds < now - tolerance: return .expired
            case .found where seconds > now + tolerance: return .future
            case .found: return .valid(key: place)
            }
        }
        return .wrong
    }

    /// Checks one message from header texts.
    ///
    /// - Parameter header: returns the value of the header with this name (lower case); nil: it is absent.
    public func verify(
        body: some Sequence<UInt8>, now: Int64, header: (_ name: String) -> String?
    ) -> SignatureVerdict {
        let body = Array(body)
        let values = needed.map { Array((header(String(decoding: $0.name, as: UTF8.self)) ?? "").utf8) }
        let all = values.flatMap(\.self)
        return body.withUnsafeBytes { body in
            all.withUnsafeBytes { all in
                var start = 0
                var place = 0
                // `needed` is requested in its order.
                return verify(body: body, now: now) { _ in
                    defer {
                        start += values[place].count
                        place += 1
                    }
                    return UnsafeRawBufferPointer(rebasing: all[start..<start + values[place].count])
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

    /// Looks for the signature in the list. It compares every entry, so that the time does not reveal which one
    /// matched.
    private func search(_ list: UnsafeRawBufferPointer, for key: SigningKey) -> Finding {
        let expected = UnsafeRawBufferPointer(rebasing: self.expected[..<signatureCount])
        var finding = Finding.noCandidate
        var start = 0
        while start < list.count {
            let end = endOfEntry(list, from: start)
            if end - start == prefix.count + signatureCount, list[start...].starts(with: prefix) {
                let text = UnsafeRawBufferPointer(rebasing: list[(start + prefix.count)..<end])
                let equal = key.matches(text, expected: expected)
                if equal || finding == .noCandidate { finding = equal ? .found : .absent }
            }
            start = end + max(separator.count, 1)
        }
        return finding
    }

    private func endOfEntry(_ list: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let first = separator.first else { return list.count }
        guard separator.count > 1 else { return list[start...].firstIndex(of: first) ?? list.count }
        return (start..<list.count).first { list[$0...].starts(with: separator) } ?? list.count
    }
}
