import WebhookSigning

/// Finds the mistake behind a wrong signature by making each mistake in turn. The one whose signature verifies is the
/// answer.
///
/// Each candidate is one change to what the scheme requires. It costs half a millisecond for a common body and some
/// tens of milliseconds in the worst case, so it is used for wrong signatures only, and not for all of them in a flood.
struct SignatureSuspects {
    private let check: BehaviourProgram.SecretRule
    /// The rules of other paths.
    private let others: [BehaviourProgram.SecretRule]
    private let request: RequestView
    private let now: Int64

    /// The most rules of other paths that are tried, and the most bytes of a body that is rewritten.
    private static let mostOthers = 256
    private static let mostBody = 64 * 1_024

    /// - Parameter now: Unix seconds.
    init(
        _ check: BehaviourProgram.SecretRule, among rules: [BehaviourProgram.SecretRule], _ request: RequestView,
        now: Int64
    ) {
        self.check = check
        others = Array(rules.lazy.filter { $0 != check }.prefix(SignatureSuspects.mostOthers))
        self.request = request
        self.now = now
    }

    /// The first mistake that explains the signature. nil: a header is missing, and no other scheme's headers are
    /// present.
    func diagnose(_ verdict: SignatureVerdict) -> SignatureDiagnosis? {
        if case .missing = verdict { return isOtherScheme ? .otherScheme : nil }
        if isRetired { return .retiredSecret }
        if let found = wronglyEncoded { return found }
        if verifiesAnyEncoding(secrets: rawTexts, form: .raw) { return .secretNotDecoded }
        if check.scheme.secretForm == .raw, isDecoded { return .secretDecoded }
        if let found = otherText { return found }
        if verifies(check.secrets, check.scheme, body: []) { return .emptyBodySigned }
        if others.contains(where: { verifies($0.secrets, $0.scheme) && $0.scheme == check.scheme }) {
            return .otherEndpoint
        }
        if isReserialised { return .reserialisedJSON }
        if isRenumbered { return .reserialisedNumbers }
        return isOtherScheme ? .otherScheme : .unknown
    }

    // MARK: Candidates

    private var isRetired: Bool {
        let retired = check.secrets.members.filter { ($0.until ?? .max) <= now }.map { SecretSet.Member($0.secret) }
        return retired.contains { member in
            (try? SecretSet(members: [member])).map { verifies($0, check.scheme) } ?? false
        }
    }

    private var wronglyEncoded: SignatureDiagnosis? {
        if let scheme = variant(encoding: otherEncoding), verifies(check.secrets, scheme) { return .wrongEncoding }
        guard !check.scheme.prefix.isEmpty, let bare = variant(prefix: "") else { return nil }
        return verifies(check.secrets, bare) ? .prefixMissing : nil
    }

    /// The written secrets as keys: whole, and without the prefix before the base64.
    private var rawTexts: [String] {
        guard check.scheme.secretForm == .whsec || check.scheme.secretForm == .base64 else { return [] }
        return check.secrets.secrets.flatMap { secret in
            let text = secret.reveal()
            return text.hasPrefix(SigningSecret.prefix)
                ? [text, String(text.dropFirst(SigningSecret.prefix.count))] : [text]
        }
    }

    private var isDecoded: Bool {
        [SecretForm.whsec, .base64].contains {
            verifiesAnyEncoding(secrets: check.secrets.secrets.map { $0.reveal() }, form: $0)
        }
    }

    /// The signed text lacks one of its parts.
    private var otherText: SignatureDiagnosis? {
        let signs = check.scheme.signs.text
        let suspects: [(String, SignatureDiagnosis)] = [
            (without("{timestamp}", signs), .timestampNotSigned), (without("{id}", signs), .idNotSigned),
            ("{body}", .onlyBodySigned),
        ]
        for (text, diagnosis) in suspects where text != signs {
            for encoding in [check.scheme.encoding, otherEncoding] {
                if let scheme = variant(signs: text, encoding: encoding), verifies(check.secrets, scheme) {
                    return diagnosis
                }
            }
        }
        return nil
    }

    /// The text without a placeholder and the separator that follows it.
    private func without(_ place: String, _ text: String) -> String {
        guard let range = text.firstRange(of: place) else { return text }
        var end = range.upperBound
        if end < text.endIndex, text[end] != "{" { end = text.index(after: end) }
        return String(text[..<range.lowerBound] + text[end...])
    }

    private var isReserialised: Bool {
        guard request.body.count <= SignatureSuspects.mostBody else { return false }
        return JSONVariants.contain(Array(request.body)) { verifies(check.secrets, check.scheme, body: $0) }
    }

    /// Programs that read and write numbers as binary fractions, or write a fixed number of decimals, change their digits.
    private var isRenumbered: Bool {
        guard request.body.count <= SignatureSuspects.mostBody else { return false }
        let body = Array(request.body)
        return JSONText.NumberForm.allCases.contains { form in
            JSONVariants.contain(body, numbers: form) { verifies(check.secrets, check.scheme, body: $0) }
        }
    }

    private var isOtherScheme: Bool {
        SignatureScheme.all.contains { scheme in
            guard scheme != check.scheme else { return false }
            let texts = check.secrets.secrets.map { $0.reveal() }
            guard let secrets = try? SecretSet(written: texts, form: scheme.secretForm) else { return false }
            return verifies(secrets, scheme)
        }
    }

    // MARK: Trying

    private var otherEncoding: SignatureScheme.Encoding { check.scheme.encoding == .hex ? .base64 : .hex }

    /// The scheme with one change; nil: the result is not a valid scheme.
    private func variant(
        signs: String? = nil, encoding: SignatureScheme.Encoding? = nil, form: SecretForm? = nil, prefix: String? = nil
    ) -> SignatureScheme? {
        let scheme = check.scheme
        return try? SignatureScheme(
            headers: scheme.headers, signs: MessageTemplate(signs ?? scheme.signs.text), algorithm: scheme.algorithm,
            encoding: encoding ?? scheme.encoding, secretForm: form ?? scheme.secretForm,
            prefix: prefix ?? scheme.prefix,
            separator: scheme.separator)
    }

    private func verifiesAnyEncoding(secrets texts: [String], form: SecretForm) -> Bool {
        texts.contains { text in
            guard let secrets = try? SecretSet(written: [text], form: form) else { return false }
            return [check.scheme.encoding, otherEncoding].contains { encoding in
                variant(encoding: encoding, form: form).map { verifies(secrets, $0) } ?? false
            }
        }
    }

    /// Whether these verify the signature, whatever its time.
    private func verifies(_ secrets: SecretSet, _ scheme: SignatureScheme, body: [UInt8]? = nil) -> Bool {
        let verifier = SignatureVerifier(secrets, scheme: scheme)
        func verdict(_ body: UnsafeRawBufferPointer) -> SignatureVerdict {
            verifier.verify(body: body, now: now) { request.value(of: $0) }
        }
        switch body.map({ $0.withUnsafeBytes(verdict) }) ?? verdict(request.body) {
        case .valid, .expired, .future: return true
        case .wrong, .missing, .malformed: return false
        }
    }
}
