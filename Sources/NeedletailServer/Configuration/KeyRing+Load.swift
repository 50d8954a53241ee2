package import WebhookSigning

extension KeyRing {
    /// The variable that may contain the master key itself, instead of a file.
    static let variable = "NEEDLETAIL_MASTER_KEY"

    /// The master keys that the configuration names; nil where it names none.
    ///
    /// - Throws: what cannot be read or is not a key, one line each, never a key.
    package init?(_ configuration: ServerConfiguration, environment: [String: String]) throws(InputMistakes) {
        var mistakes = InputMistakes()
        let section = configuration.secrets
        var current: MasterKey?
        switch (section.masterKeyFile, environment[KeyRing.variable]) {
        case (.some, .some):
            mistakes.add(
                "secrets.master_key_file cannot be combined with the variable \(KeyRing.variable); give one of them")
        case (let file?, nil): current = KeyRing.key(inFile: file, "secrets.master_key_file", &mistakes)
        case (nil, let text?): current = KeyRing.key(text, "environment \(KeyRing.variable)", &mistakes)
        case (nil, nil): break
        }
        let previous = section.previousMasterKeyFiles.compactMap {
            KeyRing.key(inFile: $0, "secrets.previous_master_key_files", &mistakes)
        }
        if current == nil, !section.previousMasterKeyFiles.isEmpty {
            mistakes.add(
                "secrets.master_key_file is missing; secrets.previous_master_key_files needs it"
            )
        }
        try mistakes.throwIfAny()
        guard let current else { return nil }
        self.init(current: current, previous: previous)
    }

    private static func key(inFile path: String, _ setting: String, _ mistakes: inout InputMistakes) -> MasterKey? {
        do throws(InputMistakes) {
            return key(try TextFile.read(path), "\(setting): \(path)", &mistakes)
        } catch {
            for line in error.lines { mistakes.add("\(setting): \(line)") }
            return nil
        }
    }

    private static func key(_ text: String, _ place: String, _ mistakes: inout InputMistakes) -> MasterKey? {
        var text = text[...]
        while text.last?.isNewline == true { text.removeLast() }
        do throws(MasterKeyError) {
            return try MasterKey(text)
        } catch {
            mistakes.add("\(place): \(error)")
            return nil
        }
    }
}
