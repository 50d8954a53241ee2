import WebhookModel

/// One thing that is wrong in a settings document. It names the field and what is expected, and never holds a secret.
public struct SettingsMistake: Sendable, Equatable {
    /// The kind of mistake, as a word that programs may rely on.
    public enum Code: String, Sendable, CaseIterable {
        case invalid
        case missing
        case unknownField = "unknown_field"
        /// Two fields that exclude each other.
        case conflict
        /// A name or value that must be unique and is not.
        case duplicate
        /// The document itself cannot be parsed.
        case malformed
    }

    public var code: Code
    /// The field, as a JSON pointer (RFC 6901) from the root of the document: `/endpoints/0/url`.
    public var path: String
    /// What the field belongs to: `endpoint "orders" of tenant "acme"`. Empty: the document.
    public var subject: String
    /// What is wrong and what is expected, for people: `invalid value "x" for window; expected a whole number from 1 to
    /// 1024`.
    public var detail: String
    public var position: SettingsPosition?

    public init(
        _ code: Code, path: String, subject: String = "", _ detail: String, at position: SettingsPosition? = nil
    ) {
        self.code = code
        self.path = path
        self.subject = subject
        self.detail = detail
        self.position = position
    }

    /// Subject and detail.
    public var text: String { subject.isEmpty ? detail : "\(subject): \(detail)" }
}

/// All that is wrong in a document, in its order. Never empty.
public struct SettingsMistakes: Error, Sendable, Equatable {
    public private(set) var list: [SettingsMistake]
    /// Whether there were more than `Limits.settingsMistakes`.
    public private(set) var isCut = false

    init(_ list: [SettingsMistake] = []) { self.list = list }

    /// Adds a mistake once.
    mutating func add(_ mistake: SettingsMistake) {
        guard !isCut, !list.contains(mistake) else { return }
        if list.count == Limits.settingsMistakes {
            isCut = true
        } else {
            list.append(mistake)
        }
    }
}

/// Collects mistakes while a document is read to its end. One thread owns it.
package final class SettingsNotes {
    private var mistakes = SettingsMistakes()
    /// How many of them had been noted when the current copy of a repeated part began; 0 outside one.
    private var countBeforeCopy = 0

    package init() {}

    package func add(_ mistake: SettingsMistake) {
        let isKnown = mistakes.list.prefix(countBeforeCopy).contains {
            $0.code == mistake.code && $0.path == mistake.path
        }
        if !isKnown { mistakes.add(mistake) }
    }

    /// Reads one of the copies that a repeated part stands for. The copies share the places in the document, and a mistake
    /// that an earlier copy has at its place is not added again, even where `{n}` makes the values differ.
    package func readCopy<Value>(_ read: () -> Value) -> Value {
        countBeforeCopy = mistakes.list.count
        defer { countBeforeCopy = 0 }
        return read()
    }

    /// The value that was read, or everything that is wrong with its document.
    package func result<Value>(_ value: Value?) -> Result<Value, SettingsMistakes> {
        guard mistakes.list.isEmpty else { return .failure(mistakes) }
        guard let value else { preconditionFailure("a reader returned nil without a mistake") }
        return .success(value)
    }

    /// Nil where nothing is wrong.
    package var found: SettingsMistakes? { mistakes.list.isEmpty ? nil : mistakes }
}
