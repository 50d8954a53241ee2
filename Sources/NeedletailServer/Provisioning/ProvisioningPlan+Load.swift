package import Sender
package import Settings

extension ProvisioningPlan {
    /// Reads and validates a provisioning file.
    ///
    /// - Parameters:
    ///   - path: the YAML file. Relative paths in it begin at its directory.
    ///   - environment: the variables that `secret_env`, `key_env` and the like name.
    ///   - allowHTTP: whether `http://` endpoints are accepted.
    ///   - networks: the server's. A URL that no delivery could ever go to is a mistake.
    /// - Throws: every mistake in the file, one line each: `file:line:column: subject: what is wrong; what is
    ///   expected`.
    public static func load(
        file path: String, environment: [String: String], allowHTTP: Bool, networks: ServerNetworks
    ) throws(InputMistakes) -> ProvisioningPlan {
        try load(YAMLFile(path: path), environment, allowHTTP, networks)
    }

    /// The same from the text of a file.
    package static func load(
        text: String, named name: String, environment: [String: String] = [:], allowHTTP: Bool = false,
        networks: ServerNetworks? = nil
    ) throws(InputMistakes) -> ProvisioningPlan {
        try load(YAMLFile(name: name, text: text), environment, allowHTTP, networks)
    }

    private static func load(
        _ file: YAMLFile, _ environment: [String: String], _ allowHTTP: Bool, _ networks: ServerNetworks?
    ) throws(InputMistakes) -> ProvisioningPlan {
        let addresses: AddressGuard?
        do throws(NetworkEntryError) { addresses = try networks?.addressGuard() } catch {
            throw InputMistakes(["allow_networks, deny_networks of the server: \(error)"])
        }
        let root = file.root.map { SettingsNode($0) }
        let result = read(
            root, environment: environment, allowHTTP: allowHTTP, addresses: addresses, folder: file.folder)
        switch result {
        case .success(let plan): return plan
        case .failure(let mistakes): throw InputMistakes(mistakes, in: file.name)
        }
    }

    /// The plan that a tree describes, whichever syntax it was written in.
    package static func read(
        _ root: SettingsNode?, environment: [String: String] = [:], allowHTTP: Bool = false,
        addresses: AddressGuard? = nil, folder: String? = nil
    ) -> Result<ProvisioningPlan, SettingsMistakes> {
        let sources = SettingsSources(
            file: { path throws(SettingsSources.UnreadableFile) in
                do throws(InputMistakes) { return try TextFile.read(path) } catch {
                    throw SettingsSources.UnreadableFile(reason: error.description)
                }
            }, variables: environment, folder: folder)
        let notes = SettingsNotes()
        let reader = ProvisioningReader(notes: notes, sources: sources, allowHTTP: allowHTTP, addresses: addresses)
        return notes.result(reader.plan(root))
    }
}

/// Which networks a server lets deliveries go to, as its configuration names them.
public struct ServerNetworks: Sendable {
    /// `sender.allow_networks`.
    public var allow: [String]
    /// `sender.deny_networks`.
    public var deny: [String]

    public init(allow: [String] = [], deny: [String] = []) {
        self.allow = allow
        self.deny = deny
    }

    /// Without this machine's addresses and ports: they differ from start to start.
    func addressGuard() throws(NetworkEntryError) -> AddressGuard { try AddressGuard(allow: allow, deny: deny) }
}
