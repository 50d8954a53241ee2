package import Settings

extension ProvisioningPlan {
    /// Reads and validates a provisioning file.
    ///
    /// - Parameters:
    ///   - path: the YAML file. Relative paths in it are relative to the directory of the process.
    ///   - environment: the variables that `secret_env`, `key_env` and the like name.
    ///   - allowHTTP: whether `http://` endpoints are accepted.
    /// - Throws: every mistake in the file, one line each: `file:line:column: subject: what is wrong; what is
    ///   expected`.
    public static func load(
        file path: String, environment: [String: String], allowHTTP: Bool
    ) throws(InputMistakes) -> ProvisioningPlan {
        try load(YAMLFile(path: path), environment, allowHTTP)
    }

    /// The same from the text of a file.
    package static func load(
        text: String, named name: String, environment: [String: String] = [:], allowHTTP: Bool = false
    ) throws(InputMistakes) -> ProvisioningPlan {
        try load(YAMLFile(name: name, text: text), environment, allowHTTP)
    }

    private static func load(
        _ file: YAMLFile, _ environment: [String: String], _ allowHTTP: Bool
    ) throws(InputMistakes) -> ProvisioningPlan {
        switch read(file.root.map { SettingsNode($0) }, environment: environment, allowHTTP: allowHTTP) {
        case .success(let plan): return plan
        case .failure(let mistakes): throw InputMistakes(mistakes, in: file.name)
        }
    }

    /// The plan that a tree describes, whichever syntax it was written in.
    package static func read(
        _ root: SettingsNode?, environment: [String: String] = [:], allowHTTP: Bool = false
    ) -> Result<ProvisioningPlan, SettingsMistakes> {
        let sources = SettingsSources(
            file: { path throws(SettingsSources.UnreadableFile) in
                do throws(InputMistakes) { return try TextFile.read(path) } catch {
                    throw SettingsSources.UnreadableFile(reason: error.description)
                }
            }, variables: environment)
        let notes = SettingsNotes()
        return notes.result(ProvisioningReader(notes: notes, sources: sources, allowHTTP: allowHTTP).plan(root))
    }
}
