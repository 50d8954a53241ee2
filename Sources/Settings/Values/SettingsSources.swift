/// Where a settings document may take secrets and certificates from, besides the document itself: files (`secret_file`)
/// and environment variables (`secret_env`).
///
/// The provisioning file may use both. A document from the network may use neither: it could read the files of the
/// server.
public struct SettingsSources: Sendable {
    /// Returns the text of a file.
    public typealias FileReader = @Sendable (_ path: String) throws(UnreadableFile) -> String

    private let file: FileReader?
    private let variables: [String: String]?
    private let folder: String?

    /// - Parameters:
    ///   - file: reads a small text file; nil: a field that names a file is rejected.
    ///   - variables: environment variables; nil: a field that names one is rejected.
    ///   - folder: where relative paths begin: the directory of the document. Nil: that of the process.
    public init(file: FileReader?, variables: [String: String]?, folder: String? = nil) {
        self.file = file
        self.variables = variables
        self.folder = folder
    }

    /// A path as it is opened and as messages show it.
    func resolved(_ path: String) -> String {
        guard let folder, !path.hasPrefix("/"), !path.isEmpty else { return path }
        return folder + "/" + path
    }

    /// The document only.
    public static let none = SettingsSources(file: nil, variables: nil)

    /// Why a file cannot be used, with its path.
    public struct UnreadableFile: Error, Sendable {
        public var reason: String

        public init(reason: String) { self.reason = reason }
    }
}

extension SettingsSources {
    /// The secret in the field `key`, or named by `key_file` or `key_env`: exactly one of them must be given. Line
    /// feeds at the end of a file do not count. No message contains any of the secret.
    func one(_ section: SettingsSection, _ key: String) -> String? {
        let forms = SettingsSources.forms(key)
        let given = forms.filter(section.has)
        guard let only = given.first else {
            section.missing(key, expected: "one of \(forms.joined(separator: ", "))")
            return nil
        }
        guard given.count == 1 else {
            section.note(
                only, .conflict, "is given \(given.count) times; expected one of \(forms.joined(separator: ", "))")
            return nil
        }
        guard let text = section.text(only) else { return nil }
        switch only {
        case key + "_file": return secret(inFile: text, section, only)
        case key + "_env": return secret(inVariable: text, section, only)
        default: return text
        }
    }

    /// The text of the file that a field names. A mistake is noted.
    func text(ofFile path: String, _ section: SettingsSection, _ key: String) -> String? {
        guard let file else {
            section.note(key, "cannot be used here: only the provisioning file may name files")
            return nil
        }
        do throws(UnreadableFile) { return try file(resolved(path)) } catch {
            section.note(key, sentence: error.reason)
            return nil
        }
    }

    static func isGiven(_ key: String, _ section: SettingsSection) -> Bool { forms(key).contains(where: section.has) }

    /// The form that is used, for messages.
    static func givenKey(_ key: String, _ section: SettingsSection) -> String {
        forms(key).first(where: section.has) ?? key
    }

    private static func forms(_ key: String) -> [String] { [key, key + "_file", key + "_env"] }

    private func secret(inFile path: String, _ section: SettingsSection, _ key: String) -> String? {
        guard var text = text(ofFile: path, section, key)?[...] else { return nil }
        while text.last?.isNewline == true { text.removeLast() }
        if text.isEmpty { section.note(key, sentence: "\(resolved(path)) is empty") }
        if text.contains(where: \.isNewline) {
            // Which of the lines was meant is not known; `needletail publish --key-file` has the same rule.
            section.note(
                key, sentence: "\(resolved(path)) has more than one line; expected the value alone, in one line")
            return nil
        }
        return text.isEmpty ? nil : String(text)
    }

    private func secret(inVariable name: String, _ section: SettingsSection, _ key: String) -> String? {
        guard let variables else {
            section.note(key, "cannot be used here: only the provisioning file may name environment variables")
            return nil
        }
        guard !name.hasPrefix("NEEDLETAIL_") else {
            section.invalid(
                key, name, expected: "a name that does not begin with NEEDLETAIL_ (the configuration's prefix)")
            return nil
        }
        guard let value = variables[name], !value.isEmpty else {
            section.note(key, sentence: "the environment variable \(name) is not set")
            return nil
        }
        return value
    }
}
