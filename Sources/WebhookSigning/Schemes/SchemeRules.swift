import WebhookModel

/// Why a scheme cannot be used, with a message for its owner.
public enum SignatureSchemeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// With the template and what is wrong with it.
    case badTemplate(String, String)
    /// With the name and what is wrong with it.
    case badHeader(String, String)
    case noHeader
    case tooManyHeaders(Int)
    /// `{signature}` must stand in exactly one header value, once.
    case signaturePlaces(Int)
    /// The signed content contains a value that no header carries.
    case notCarried(String)
    case bodyNotSigned
    /// The prefix or the separator.
    case badMark(String)
    /// Ed25519 requires `whsk_` keys, and only Ed25519 uses them.
    case wrongSecretForm
    case unknownPreset(String)
    /// A written form that this program cannot read.
    case unreadable(String)

    public var description: String {
        switch self {
        case .badTemplate(let text, let reason): "\"\(text)\": \(reason)"
        case .badHeader(let name, let reason): "header \"\(name)\": \(reason)"
        case .noHeader: "no headers; one must contain {signature}"
        case .tooManyHeaders(let count): "\(count) headers; at most \(Limits.schemeHeaders)"
        case .signaturePlaces(let count):
            "{signature} occurs \(count) times; it must occur exactly once, in one header's value"
        case .notCarried(let name): "{\(name)} is signed, but no header carries it, so receivers could not verify"
        case .bodyNotSigned: "the signed content must contain {body} exactly once, and must not contain {signature}"
        case .badMark(let text):
            "\"\(text)\": a prefix or separator has at most \(Limits.schemeMarkBytes) visible ASCII characters; a separator is not empty, "
                + "and none of its characters occurs in a signature or its prefix"
        case .wrongSecretForm: "ed25519 signs with whsk_ keys, and only ed25519 does"
        case .unknownPreset(let name):
            "unknown signature scheme \"\(name)\"; known are \(SignatureScheme.all.map(\.name).joined(separator: ", "))"
        case .unreadable(let line): "\"\(line)\" is not a line of a written signature scheme"
        }
    }
}

/// The rules for every scheme.
enum SchemeRules {
    static func check(_ scheme: SignatureScheme) throws(SignatureSchemeError) {
        try checkHeaders(scheme.headers)
        try checkPlaces(scheme)
        try checkMarks(scheme)
        guard (scheme.algorithm == .ed25519) == (scheme.secretForm == .ed25519) else { throw .wrongSecretForm }
    }

    private static func checkHeaders(_ headers: [SignatureScheme.Header]) throws(SignatureSchemeError) {
        guard !headers.isEmpty else { throw .noHeader }
        guard headers.count <= Limits.schemeHeaders else { throw .tooManyHeaders(headers.count) }
        var seen: Set<String> = []
        for header in headers {
            if let reason = HeaderRules.mistake(inName: header.name) { throw .badHeader(header.name, reason) }
            if HeaderRules.isReservedForTransport(header.name) {
                throw .badHeader(header.name, "is set by the transport")
            }
            guard seen.insert(header.name.lowercased()).inserted else { throw .badHeader(header.name, "occurs twice") }
            let value = header.value
            guard !value.parts.isEmpty, !value.text.hasPrefix(" "), !value.text.hasSuffix(" ") else {
                throw .badTemplate(value.text, "a header's value must not be empty, nor begin or end with a space")
            }
            if value.hasNeighbours { throw .badTemplate(value.text, "two placeholders need a text between them") }
            if value.variables.contains(.body) { throw .badTemplate(value.text, "{body} is not allowed in a header") }
        }
    }

    private static func checkPlaces(_ scheme: SignatureScheme) throws(SignatureSchemeError) {
        let carried = scheme.headers.flatMap(\.value.variables)
        let places = carried.count { $0 == .signature }
        guard places == 1 else { throw .signaturePlaces(places) }
        let signed = scheme.signs.variables
        guard signed.count(where: { $0 == .body }) == 1, !signed.contains(.signature) else { throw .bodyNotSigned }
        for variable in signed where variable != .body && !carried.contains(variable) {
            throw .notCarried(variable.rawValue)
        }
    }

    private static func checkMarks(_ scheme: SignatureScheme) throws(SignatureSchemeError) {
        for mark in [scheme.prefix, scheme.separator ?? ""] {
            guard mark.utf8.count <= Limits.schemeMarkBytes, mark.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
                throw .badMark(mark)
            }
        }
        guard !scheme.prefix.hasPrefix(" ") else { throw .badMark(scheme.prefix) }
        guard let separator = scheme.separator else { return }
        // Entries must be separable by searching for the separator alone.
        let isClear = separator.utf8.allSatisfy { !scheme.prefix.utf8.contains($0) && !isSignatureDigit($0) }
        guard !separator.isEmpty, isClear else { throw .badMark(separator) }
    }

    /// Whether the byte may occur in an encoded signature: hex digits are among those of base64.
    private static func isSignatureDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x3D: true
        default: false
        }
    }
}
