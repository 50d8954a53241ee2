import Configuration
import Settings
import Yams

/// The texts of all sources, each with its place. Flags come first, then the environment, then the file.
struct ConfigurationSources {
    private let flags: InMemoryProvider
    private let environment: EnvironmentVariablesProvider
    private let file: InMemoryProvider
    private let fileMarks: [String: String]
    private let fileName: String

    /// Collects the sources.
    ///
    /// - Throws: every unknown key and variable, and every value of the wrong shape.
    init(
        file: YAMLFile?, environment: [String: String], flags: [ServerConfiguration.FlagValue]
    ) throws(InputMistakes) {
        var mistakes = InputMistakes()
        var leaves = FileLeaves()
        if let file, let root = file.root { leaves.collect(root, under: "", of: file, &mistakes) }
        ConfigurationSources.checkNames(environment, &mistakes)
        self.file = InMemoryProvider(name: "file", values: leaves.values)
        self.environment = EnvironmentVariablesProvider(environmentVariables: environment)
        self.flags = InMemoryProvider(name: "flags", values: ConfigurationSources.values(flags, &mistakes))
        fileMarks = leaves.places
        fileName = file?.name ?? ""
        try mistakes.throwIfAny()
    }

    /// First wins.
    var providers: [any ConfigProvider] { [flags, environment, file] }

    /// Where a value comes from, as the start of a message.
    func place(of setting: Setting, in provider: String) -> String {
        switch provider {
        case flags.providerName: "--\(setting.flag ?? setting.key): "
        case environment.providerName: "environment \(setting.environmentName): "
        default: fileMarks[setting.key] ?? "\(fileName): "
        }
    }

    static func key(_ setting: Setting) -> AbsoluteConfigKey {
        AbsoluteConfigKey(["needletail"] + setting.key.split(separator: ".").map(String.init))
    }

    static func value(_ texts: [String], isList: Bool) -> ConfigValue {
        ConfigValue(isList ? .stringArray(texts) : .string(texts.last ?? ""), isSecret: false)
    }

    private static func values(
        _ flags: [ServerConfiguration.FlagValue], _ mistakes: inout InputMistakes
    ) -> [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for flag in flags {
            guard let setting = ServerConfiguration.settings.first(where: { $0.flag == flag.name }) else {
                let known = ServerConfiguration.settings.compactMap(\.flag)
                mistakes.add("unknown flag --\(flag.name)\(hint(for: flag.name, among: known))")
                continue
            }
            values[key(setting)] = value(flag.texts, isList: setting.isList)
        }
        return values
    }

    // The verbs `publish` and `conformance` and the program `load-test` read them. A shell where they are set may start a
    // server too.
    private static let clientVariables = ["NEEDLETAIL_KEY", "NEEDLETAIL_SERVER"]
    // Not a setting, because code that prints settings must not see it. `KeyRing` reads it.
    private static let masterKey = "NEEDLETAIL_MASTER_KEY"

    fileprivate static func hint(for name: String, among known: [String]) -> String {
        NearestName.hint(for: name, among: known, manual: "`needletail config default` lists the known ones")
    }

    /// A misspelt variable is an error, not ignored.
    private static func checkNames(_ environment: [String: String], _ mistakes: inout InputMistakes) {
        let known = ServerConfiguration.settings.map(\.environmentName)
        for name in environment.keys.sorted() where name.hasPrefix("NEEDLETAIL_") {
            guard !known.contains(name), !clientVariables.contains(name), name != masterKey, !isServiceLink(name) else {
                continue
            }
            mistakes.add("unknown environment variable \(name)\(hint(for: name, among: known))")
        }
    }

    // Kubernetes sets such variables in every pod for a service named needletail ("Service environment variables").
    private static func isServiceLink(_ name: String) -> Bool {
        let rest = name.dropFirst("NEEDLETAIL_".count)
        if rest == "SERVICE_HOST" || rest.hasPrefix("SERVICE_PORT") || rest == "PORT" { return true }
        return rest.hasPrefix("PORT_") && (rest.contains("_TCP") || rest.contains("_UDP"))
    }
}

/// The values of the file by key, with the place of each.
private struct FileLeaves {
    var values: [AbsoluteConfigKey: ConfigValue] = [:]
    var places: [String: String] = [:]

    /// Reads a section, and the sections in it.
    mutating func collect(
        _ section: Node.Mapping, under prefix: String, of file: YAMLFile, _ mistakes: inout InputMistakes
    ) {
        for (name, node) in section {
            let place = file.place(name.mark)
            let key = prefix + (name.scalar?.string ?? "?")
            if let setting = ServerConfiguration.settings.first(where: { $0.key == key }) {
                take(node, for: setting, at: place, in: file.folder, &mistakes)
            } else if ServerConfiguration.settings.contains(where: { $0.key.hasPrefix(key + ".") }) {
                if let inner = node.mapping {
                    collect(inner, under: key + ".", of: file, &mistakes)
                } else if node.scalar?.string.isEmpty != true {
                    mistakes.add("\(place)\(key) is a section; expected its keys below it, indented")
                }
            } else {
                let hint = ConfigurationSources.hint(for: key, among: FileLeaves.names(under: prefix))
                mistakes.add("\(place)unknown key \(key)\(hint)")
            }
        }
    }

    /// Files that are read. What the server writes itself (`data`, sockets) stays relative to the directory of the process.
    private static let namedFiles: Set<String> = [
        "provision.file", "ingest.tls.certificate", "ingest.tls.key", "ingest.tls.client_ca", "sender.ca_file",
        "sender.proxy_password_file", "secrets.master_key_file", "secrets.previous_master_key_files",
    ]

    private mutating func take(
        _ node: Node, for setting: Setting, at place: String, in folder: String?, _ mistakes: inout InputMistakes
    ) {
        let texts: [String]?
        if setting.isList {
            let scalars = node.sequence?.compactMap { $0.scalar?.string }
            texts = scalars?.count == node.sequence?.count ? scalars : nil
        } else {
            texts = node.scalar.map { [$0.string] }
        }
        guard let texts else {
            let expected = setting.isList ? "a list of \(setting.expected)" : setting.expected
            return mistakes.add("\(place)invalid value for \(setting.key); expected \(expected)")
        }
        let resolved = texts.map { text in
            guard let folder, FileLeaves.namedFiles.contains(setting.key) else { return text }
            return text.isEmpty || text.hasPrefix("/") ? text : folder + "/" + text
        }
        values[ConfigurationSources.key(setting)] = ConfigurationSources.value(resolved, isList: setting.isList)
        places[setting.key] = place
    }

    /// The full names that are known at this depth: sections at the top, keys in a section.
    private static func names(under prefix: String) -> [String] {
        var names: [String] = []
        for setting in ServerConfiguration.settings where setting.key.hasPrefix(prefix) {
            let rest = setting.key.dropFirst(prefix.count)
            let name = prefix + rest.prefix { $0 != "." }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}
