/// One value of a settings document: a text, a list or a map.
///
/// YAML and JSON both become such a tree, so that both are validated by the same readers. Numbers and truth values are
/// texts as they were written (`16`, `true`); a JSON null and an empty YAML value are the empty text.
public struct SettingsNode: Sendable, Equatable {
    public enum Content: Sendable, Equatable {
        case text(String)
        case list([SettingsNode])
        /// In the order of the document. Names are unique: each parser rejects a name that is given twice.
        case map([SettingsEntry])
    }

    public var content: Content
    /// Nil for a value that stands in no document.
    public var position: SettingsPosition?

    public init(_ content: Content, at position: SettingsPosition? = nil) {
        self.content = content
        self.position = position
    }

    public var text: String? {
        switch content {
        case .text(let text): text
        case .list, .map: nil
        }
    }

    public var list: [SettingsNode]? {
        switch content {
        case .list(let members): members
        case .text, .map: nil
        }
    }

    public var map: [SettingsEntry]? {
        switch content {
        case .map(let entries): entries
        case .text, .list: nil
        }
    }
}

/// A named value of a map.
public struct SettingsEntry: Sendable, Equatable {
    public var name: String
    /// Where the name stands.
    public var position: SettingsPosition?
    public var value: SettingsNode

    public init(_ name: String, at position: SettingsPosition? = nil, _ value: SettingsNode) {
        self.name = name
        self.position = position
        self.value = value
    }
}

/// Where a value begins in its document. Both count from 1; a column is a Unicode scalar.
public struct SettingsPosition: Sendable, Equatable {
    public var line: Int
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }
}
