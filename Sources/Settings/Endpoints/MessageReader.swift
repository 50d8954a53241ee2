import WebhookModel
import WebhookSigning

/// Reads what an endpoint's messages contain: `body` and `headers`.
struct MessageReader {
    let section: SettingsSection
    let sources: SettingsSources

    static let valueKeys = ["value", "value_file", "value_env"]

    func body() -> BodyForm {
        section.choice("body", among: BodyForm.allCases.map(\.rawValue), BodyForm.init) ?? .raw
    }

    /// The custom headers, in the order of the document. A header that breaks a rule is noted and left out.
    ///
    /// - Parameter scheme: the signature scheme, which sets headers of its own.
    func headers(beside scheme: SignatureScheme?) -> [CustomHeader] {
        guard let node = section.node("headers") else { return [] }
        guard let entries = node.map else {
            section.invalid("headers", nil, expected: "a map of names to values")
            return []
        }
        let signature = Set((scheme?.headers ?? []).map { $0.name.lowercased() })
        var taken = signature
        var headers: [CustomHeader] = []
        for entry in entries {
            guard let text = text(entry) else { continue }
            let header = CustomHeader(entry.name, text)
            if let mistake = header.mistake {
                note(entry, .invalid, mistake)
            } else if signature.contains(entry.name.lowercased()) {
                note(entry, .conflict, "is set by the signature scheme")
            } else if !taken.insert(entry.name.lowercased()).inserted {
                note(entry, .duplicate, "is given twice; names are compared without case")
            } else {
                headers.append(header)
            }
        }
        if headers.count > Limits.customHeaders {
            section.note("headers", "has \(headers.count) members; at most \(Limits.customHeaders) are allowed")
        }
        let bytes = headers.reduce(0) { $0 + $1.lineBytes }
        if bytes > Limits.customHeaderBytes {
            section.note("headers", "has \(bytes) bytes; at most \(Limits.customHeaderBytes) are allowed")
        }
        return headers
    }

    /// A text, or a map that names where the value is.
    private func text(_ entry: SettingsEntry) -> String? {
        if entry.value.map != nil {
            let own = section.section(
                entry.value, "headers.\(Shown.short(entry.name))", path: pointer(entry), keys: MessageReader.valueKeys)
            return own.flatMap { sources.one($0, "value") }
        }
        if let text = section.text(of: entry.value) { return text }
        note(entry, .invalid, "expected a text, or a map with value_file or value_env")
        return nil
    }

    // The value may be a credential: no message contains it.
    private func note(_ entry: SettingsEntry, _ code: SettingsMistake.Code, _ text: String) {
        section.notes.add(
            SettingsMistake(
                code, path: pointer(entry), subject: section.subject, "headers.\(Shown.short(entry.name)): \(text)",
                at: entry.position))
    }

    private func pointer(_ entry: SettingsEntry) -> String { section.pointer("headers", entry.name) }
}
