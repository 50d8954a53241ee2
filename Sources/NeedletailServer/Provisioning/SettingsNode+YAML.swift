package import Settings
package import Yams

extension SettingsNode {
    /// The tree of a YAML node. A null (YAML 1.2.2, section 10.3.2) becomes the empty text, as in JSON.
    package init(_ node: Node) {
        let position = node.mark.map(SettingsPosition.init)
        switch node {
        case .scalar(let scalar):
            let isNull = scalar.style == .plain && ["null", "Null", "NULL", "~"].contains(scalar.string)
            self.init(.text(isNull ? "" : scalar.string), at: position)
        case .sequence(let nodes): self.init(.list(nodes.map { SettingsNode($0) }), at: position)
        case .mapping(let mapping): self.init(mapping, at: position)
        // The parser has replaced each alias with what it stands for.
        case .alias: self.init(.text(""), at: position)
        }
    }

    package init(_ mapping: Node.Mapping, at position: SettingsPosition? = nil) {
        let entries = mapping.map { key, value in
            SettingsEntry(key.scalar?.string ?? "?", at: key.mark.map(SettingsPosition.init), SettingsNode(value))
        }
        self.init(.map(entries), at: position ?? mapping.mark.map(SettingsPosition.init))
    }
}

extension SettingsPosition {
    fileprivate init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}
