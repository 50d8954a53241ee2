// The text of a scheme in an endpoint's settings and in the store: a preset's name or, for a custom scheme, one line
// per property. Templates and names contain no line feed, so lines are unambiguous.
extension SignatureScheme {
    /// The scheme as text; `init(written:)` reads it back.
    public var written: String {
        guard name == SignatureScheme.customName else { return name }
        var lines = [
            "algorithm \(algorithm.rawValue)", "encoding \(encoding.rawValue)", "secret \(secretForm.rawValue)",
            "signs \(signs.text)", "prefix \(prefix)",
        ]
        if let separator { lines.append("separator \(separator)") }
        for header in headers { lines.append("header \(header.name) \(header.value.text)") }
        return lines.joined(separator: "\n")
    }

    /// Reads a preset's name, or a written scheme.
    ///
    /// - Throws: `unknownPreset`, or what is wrong with the scheme.
    public init(written text: String) throws(SignatureSchemeError) {
        guard text.contains("\n") else {
            guard let preset = SignatureScheme.named(text) else { throw .unknownPreset(text) }
            self = preset
            return
        }
        var lines = WrittenLines()
        for line in text.split(separator: "\n") { try lines.take(line) }
        guard let signs = lines.signs else { throw .bodyNotSigned }
        try self.init(
            headers: lines.headers, signs: signs, algorithm: lines.algorithm, encoding: lines.encoding,
            secretForm: lines.secretForm, prefix: lines.prefix, separator: lines.separator)
    }
}

/// What has been read from the lines of a written scheme.
private struct WrittenLines {
    var headers: [SignatureScheme.Header] = []
    var signs: MessageTemplate?
    var algorithm = SignatureScheme.Algorithm.sha256
    var encoding = SignatureScheme.Encoding.hex
    var secretForm = SecretForm.raw
    var prefix = ""
    var separator: String?

    mutating func take(_ line: Substring) throws(SignatureSchemeError) {
        let (key, value) = WrittenLines.split(line)
        switch key {
        case "algorithm": algorithm = try read(value, line)
        case "encoding": encoding = try read(value, line)
        case "secret": secretForm = try read(value, line)
        case "signs": signs = try MessageTemplate(value)
        case "prefix": prefix = value
        case "separator": separator = value
        case "header":
            let (name, template) = WrittenLines.split(value[...])
            headers.append(SignatureScheme.Header(name, try MessageTemplate(template)))
        default: throw .unreadable(String(line))
        }
    }

    private func read<Value: RawRepresentable<String>>(
        _ text: String, _ line: Substring
    ) throws(SignatureSchemeError) -> Value {
        guard let value = Value(rawValue: text) else { throw .unreadable(String(line)) }
        return value
    }

    /// Splits at the first space: the value may be a space or begin with one.
    private static func split(_ line: Substring) -> (String, String) {
        let space = line.firstIndex(of: " ") ?? line.endIndex
        return (String(line[..<space]), String(line[space...].dropFirst()))
    }
}
