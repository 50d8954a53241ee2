extension ProvisioningPlan {
    /// Reads and checks a provisioning file.
    ///
    /// - Parameters:
    ///   - path: the YAML file; relative paths in it are relative to the process's directory.
    ///   - environment: where `secret_env` and `key_env` look.
    ///   - allowHTTP: whether `http://` endpoints pass.
    /// - Throws: every mistake of the file, one line each: `file:line:column: who: key: what is wrong`.
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
        let notes = ProvisioningNotes(file: file)
        let secrets = SecretSources(environment: environment)
        let endpoints = EndpointReader(notes: notes, secrets: secrets, allowHTTP: allowHTTP)
        let plan = ProvisioningReader(notes: notes, endpoints: endpoints, secrets: secrets).plan()
        try notes.mistakes.throwIfAny()
        return plan
    }
}
