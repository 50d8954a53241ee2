import Yams

extension ProgramFile {
    /// A word, or one word with its measure: `{reset_after: 100}`.
    static func fault(_ mapping: ProgramMapping, _ key: String) -> Fault? {
        guard let node = mapping[key] else { return nil }
        guard let form = node.mapping else {
            let word = node.scalar?.string ?? ""
            if let fault = Fault.words[word] { return fault }
            mapping.note(key, noFault(word, among: Fault.words.keys.sorted(), forms: Fault.forms))
            return nil
        }
        guard form.count == 1, let measured = mapping.section(key, keys: Fault.measured) else {
            if form.count != 1 {
                mapping.note(key, "expected one fault, such as truncated_chunk or {reset_after: 100}")
            }
            return nil
        }
        return measuredFault(measured)
    }

    /// What is wrong with a word that is not a fault, or that needs a measure.
    ///
    /// - Parameter forms: the forms of the faults that need a measure, by their word.
    static func noFault(_ word: String, among words: [String], forms: [String: String]) -> String {
        if let form = forms[word] { return "\(word) needs a parameter; expected \(form)" }
        let written = String(word.prefix(60))
        let hint = NearWord.hint(for: written, among: words + forms.keys.sorted())
        guard hint.hasPrefix("; known are ") else { return "unknown fault \"\(written)\"\(hint)" }
        return "unknown fault \"\(written)\"; known are \((words + forms.values.sorted()).joined(separator: ", "))"
    }

    private static func measuredFault(_ form: ProgramMapping) -> Fault? {
        if form.has("redirect_to") { return redirect(form) }
        if let bytes = form.integer("reset_after", in: 0...1_000_000) { return .resetAfter(bytes: bytes) }
        if let pause = form.duration("slow_head", in: 1...60_000) { return .slowHead(milliseconds: pause) }
        if let size = form.integer("gzip_bomb", in: 1...GzipBomb.mostMebibytes) { return .gzipBomb(mebibytes: size) }
        return form.integer("redirect_chain", in: 1...1_000).map { .redirectChain(hops: $0) }
    }

    private static func redirect(_ form: ProgramMapping) -> Fault? {
        guard let address = form.text("redirect_to") else { return nil }
        guard Answer.Header("location", address).isLawful, !address.isEmpty else {
            form.note("redirect_to", "expected an address, such as http://10.0.0.1/")
            return nil
        }
        return .redirectTo(address)
    }
}

extension Fault {
    /// The address at which clouds give a machine its own credentials.
    static let metadataService = "http://169.254.169.254/latest/meta-data/"

    /// By the word used in a program, with usual measures.
    package static let words: [String: Fault] = [
        "reset": .resetAfter(bytes: 0), "silence": .silence, "half_close": .halfClose,
        "close_before_reuse": .closeBeforeReuse, "slow_head": .slowHead(milliseconds: 100),
        "endless_head": .endlessHead,
        "bad_status_line": .badStatusLine, "length_too_long": .lengthTooLong, "length_too_short": .lengthTooShort,
        "truncated_chunk": .truncatedChunk, "malformed_chunk": .malformedChunk, "infinite_body": .infiniteBody,
        "gzip_bomb": .gzipBomb(mebibytes: 100), "early_answer": .earlyAnswer,
        "redirect_chain": .redirectChain(hops: 10),
        "redirect_private": .redirectTo(metadataService),
    ]

    /// The word for it.
    package var word: String {
        switch self {
        case .resetAfter: "reset_after"
        case .slowHead: "slow_head"
        case .gzipBomb: "gzip_bomb"
        case .redirectChain: "redirect_chain"
        case .redirectTo: "redirect_to"
        default: Fault.words.first { $0.value == self }?.key ?? ""
        }
    }

    /// The words that take a measure, with an example of each.
    package static let measures = [
        "reset_after": "100", "slow_head": "100ms", "gzip_bomb": "10", "redirect_chain": "3",
        "redirect_to": "\"http://10.0.0.1/\"",
    ]

    package static let measured = measures.keys.sorted()

    /// The forms of the faults that need a measure.
    static let forms = measures.filter { words[$0.key] == nil }.reduce(into: [:]) {
        $0[$1.key] = "{\($1.key): \($1.value)}"
    }
}

extension ConnectionFault {
    package static let words: [String: ConnectionFault] = [
        "reset": .reset, "silence": .silence, "never_read": .neverRead, "refuse": .refuse, "tls_expired": .tlsExpired,
        "tls_wrong_host": .tlsWrongHost, "tls_self_signed": .tlsSelfSigned, "tls_stall": .tlsStall,
        "tls_old_version": .tlsOldVersion, "tls_client_certificate": .tlsClientCertificate,
    ]

    /// The form of the fault that needs a measure.
    static let forms = Fault.forms.filter { $0.key == "reset_after" }
}
