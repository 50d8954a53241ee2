extension ServerConfiguration {
    /// The configuration file with the default, type, range and meaning of every key. It is the manual.
    public static var defaultFile: String {
        let defaults = ServerConfiguration()
        var text = head
        var open: [Substring] = []
        for setting in settings {
            let parts = setting.key.split(separator: ".")
            let sections = Array(parts.dropLast())
            let kept = zip(open, sections).prefix { $0 == $1 }.count
            for depth in kept..<max(kept, sections.count) {
                text += depth == 0 ? "\n" : ""
                text += indent(depth) + "\(sections[depth]):\n"
            }
            open = sections
            text += entry(setting, indent(sections.count), named: parts[sections.count], in: defaults)
        }
        return text
    }

    private static func entry(
        _ setting: Setting, _ indent: String, named name: Substring, in defaults: ServerConfiguration
    ) -> String {
        var text = ""
        for line in wrapped(setting.meaning, width: 108) { text += "\(indent)# \(line)\n" }
        text += "\(indent)# \(setting.isList ? "A list of \(setting.expected)" : capitalised(setting.expected)).\n"
        text += "\(indent)# Environment \(setting.environmentName)\(setting.isList ? ", with commas" : "")"
        text += setting.flag.map { ", flag --\($0)\(setting.isList ? ", repeated" : "")" } ?? ""
        return text + ".\n\(indent)\(name): \(yaml(setting, in: defaults))\n"
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    private static let head = """
        # Configuration of Needletail: every key with its default. Delete what you do not change.
        #
        # A flag overrides an environment variable, which overrides this file, which overrides the default. An unknown key here,
        # and an unknown variable that begins with NEEDLETAIL_, is an error. `needletail config check --config FILE` reports
        # what is wrong.
        #
        # A size is a number of bytes, or has a unit: 512MiB, 64GiB. A duration has a unit: 500ms, 30s, 5m, 24h, 30d.

        """

    private static func yaml(_ setting: Setting, in defaults: ServerConfiguration) -> String {
        let texts = setting.written(defaults)
        if setting.isList { return "[\(texts.joined(separator: ", "))]" }
        return texts[0].isEmpty ? "\"\"" : texts[0]
    }

    private static func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].isEmpty {
                lines[lines.count - 1] = String(word)
            } else if lines[lines.count - 1].count + word.count < width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
