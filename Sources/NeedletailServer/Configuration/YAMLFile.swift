import Yams

/// A YAML file as a tree of nodes with line and column.
struct YAMLFile {
    /// As the operator gave it, for messages.
    let name: String
    /// Where the relative paths in it begin; nil: at the directory of the process.
    let folder: String?
    /// The top mapping; nil in a file without content.
    let root: Node.Mapping?

    /// Reads the file at `path`.
    ///
    /// - Throws: the first thing that keeps it from being a YAML map, with its line.
    init(path: String) throws(InputMistakes) {
        try self.init(name: path, text: TextFile.read(path), folder: AbsolutePath.folder(of: path))
    }

    init(name: String, text: String, folder: String? = nil) throws(InputMistakes) {
        self.name = name
        self.folder = folder
        let node: Node?
        do {
            // YAML 1.2.2, section 5.2: a byte order mark may begin a stream. The text of a file has none any more.
            let isMarked = text.unicodeScalars.first == "\u{FEFF}"
            node = try compose(yaml: isMarked ? String(text.unicodeScalars.dropFirst()) : text)
        } catch let error as YamlError {
            throw InputMistakes([YAMLFile.line(for: error, name: name)])
        } catch {
            throw InputMistakes(["\(name): not YAML: \(error)"])
        }
        switch node {
        case nil: root = nil
        case .mapping(let mapping)?: root = try YAMLFile.merged(mapping, in: name)
        case .scalar(let scalar)? where scalar.string.isEmpty: root = nil
        case let other?:
            throw InputMistakes([YAMLFile.place(name, other.mark) + "expected a map (`key: value`) at the top level"])
        }
    }

    /// `file:line:column: `, the start of a message.
    func place(_ mark: Mark?) -> String { YAMLFile.place(name, mark) }

    static func place(_ name: String, _ mark: Mark?) -> String {
        mark.map { "\(name):\($0.line):\($0.column): " } ?? "\(name): "
    }

    private static func line(for error: YamlError, name: String) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            place(name, mark) + "not YAML: \(problem)"
        case .duplicatedKeysInMapping(let keys, let context):
            place(name, context.mark) + "the key \(keys.sorted().joined(separator: ", ")) is given twice; remove one"
        case .reader(let problem, _, _, _):
            "\(name): not YAML: \(problem)"
        default:
            "\(name): not YAML: \(error)"
        }
    }
}
