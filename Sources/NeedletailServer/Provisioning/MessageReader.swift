import WebhookModel
import WebhookSigning
import Yams

/// Reads what an endpoint's messages look like: `body` and `headers`.
struct MessageReader {
    let section: ProvisioningSection
    let sources: SecretSources

    static let valueKeys = ["value", "value_file", "value_env"]

    func body() -> BodyForm {
        guard let text = section.text("body") else { return .raw }
        if let form = BodyForm(rawValue: text) { return form }
        let known = BodyForm.allCases.map(\.rawValue).joined(separator: ", ")
        section.note("body", "\"\(text)\" is no good; give one of \(known)")
        return .raw
    }

    /// The owner's headers in the order of the file; what breaks a rule is noted and left out.
    ///
    /// - Parameter scheme: its headers are taken.
    func headers(beside scheme: SignatureScheme?) -> [CustomHeader] {
        guard let node = section.node("headers") else { return [] }
        guard let pairs = node.mapping else {
            section.note("headers", "must be a mapping of names to values")
            return []
        }
        var taken = Set((scheme?.headers ?? []).map { $0.name.lowercased() })
        let signature = taken
        var headers: [CustomHeader] = []
        for (key, value) in pairs {
            let name = key.scalar?.string ?? "?"
            guard let text = text(value, name) else { continue }
            let header = CustomHeader(name, text)
            if let mistake = header.mistake {
                note(key, name, mistake)
            } else if !taken.insert(name.lowercased()).inserted {
                note(
                    key, name, signature.contains(name.lowercased()) ? "is set by the signature scheme" : "stands twice"
                )
            } else {
                headers.append(header)
            }
        }
        if headers.count > Limits.customHeaders { section.note("headers", "more than \(Limits.customHeaders)") }
        if headers.reduce(0, { $0 + $1.lineBytes }) > Limits.customHeaderBytes {
            section.note("headers", "longer than \(Limits.customHeaderBytes) bytes together")
        }
        return headers
    }

    /// A text in place, or a mapping that says where the value stands.
    private func text(_ node: Node, _ name: String) -> String? {
        if node.mapping != nil {
            let own = ProvisioningSection(
                node, label: "\(section.label): headers: \(name)", keys: MessageReader.valueKeys, notes: section.notes,
                number: section.number)
            return own.flatMap { sources.one($0, "value") }
        }
        if let text = section.text(of: node) { return text }
        note(node, name, "give a text, or a mapping with value_file or value_env")
        return nil
    }

    // The value may be a credential: it is not repeated.
    private func note(_ node: Node, _ name: String, _ text: String) {
        section.notes.add(node.mark, "\(section.label): headers: \(name): \(text)")
    }
}
