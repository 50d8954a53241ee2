/// Finds a secret where a section says that it is: written in place, in a file, or in the environment.
///
/// Nothing that it notes holds any of the secret.
struct SecretSources {
    let environment: [String: String]

    /// The secret under `key`, `key_file` or `key_env`: exactly one of them must be given. A file's last line feed does not count.
    func one(_ section: ProvisioningSection, _ key: String) -> String? {
        let given = SecretSources.forms(key).filter(section.has)
        guard given.count == 1 else {
            let problem = given.isEmpty ? "is missing" : "is given \(given.count) times"
            let forms = SecretSources.forms(key).joined(separator: ", ")
            section.note(given.first ?? key, "\(problem); give one of \(forms)")
            return nil
        }
        guard let text = section.text(given[0]) else { return nil }
        switch given[0] {
        case key + "_file": return inFile(text, section, given[0])
        case key + "_env": return inEnvironment(text, section, given[0])
        default: return text
        }
    }

    static func isGiven(_ key: String, _ section: ProvisioningSection) -> Bool {
        forms(key).contains(where: section.has)
    }

    /// The form that is used, for messages.
    static func givenKey(_ key: String, _ section: ProvisioningSection) -> String {
        forms(key).first(where: section.has) ?? key
    }

    private static func forms(_ key: String) -> [String] { [key, key + "_file", key + "_env"] }

    private func inFile(_ path: String, _ section: ProvisioningSection, _ key: String) -> String? {
        do {
            var text = Substring(try TextFile.read(path))
            while text.last?.isNewline == true { text.removeLast() }
            if text.isEmpty { section.note(key, "\(path) is empty") }
            return text.isEmpty ? nil : String(text)
        } catch {
            section.note(key, error.description)
            return nil
        }
    }

    private func inEnvironment(_ name: String, _ section: ProvisioningSection, _ key: String) -> String? {
        guard !name.hasPrefix("NEEDLETAIL_") else {
            section.note(key, "\(name): names that begin with NEEDLETAIL_ are the configuration's; choose another")
            return nil
        }
        guard let value = environment[name], !value.isEmpty else {
            section.note(key, "the environment variable \(name) is not set")
            return nil
        }
        return value
    }
}
