import Foundation
import Testing

/// One text file of the repository.
struct SourceFile: Sendable {
    /// From the repository's top, as in messages.
    let path: String
    let lines: [String]

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The lines without what follows `//`, so that words in comments do not count as code.
    let code: [(number: Int, text: Substring)]

    init(path: String, text: String) {
        self.path = path
        lines = text.components(separatedBy: "\n")
        code = lines.enumerated().map { index, line in
            (index + 1, line.utf8Range(of: "//").map { line[..<$0.lowerBound] } ?? line[...])
        }
    }

    /// Also `import struct X.Y`, and imports with an access level or an attribute.
    var imports: [(file: String, line: Int, module: String)] {
        code.compactMap { number, text in
            guard text.has("import ") else { return nil }
            let pattern =
                /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
            return text.firstMatch(of: pattern).map { (path, number, String($0.output.1)) }
        }
    }
}

/// A room and its files.
struct Room: Sendable, CustomTestStringConvertible {
    /// The module's name.
    let name: String
    /// Where its files lie, from the top.
    let folder: String
    let files: [SourceFile]

    var testDescription: String { name }

    var imports: [(file: String, line: Int, module: String)] { files.flatMap(\.imports) }
}

/// The repository as it stands on disk.
enum SourceTree {
    static let top = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every room that holds Swift.
    static let rooms: [Room] = {
        var folders = entries(of: "Sources").map { ($0, "Sources/\($0)") }
        for (companion, command) in [("LoadTest", "load_test"), ("MockReceiver", "mock_receiver")] {
            folders.append((companion, "\(companion)/Library"))
            folders.append((command, "\(companion)/Command"))
        }
        return folders.map { Room(name: $0, folder: $1, files: swiftFiles(in: $1)) }.filter { !$0.files.isEmpty }
    }()

    static let tests = swiftFiles(in: "Tests")

    /// Everything written in Swift or C.
    static let all: [SourceFile] = ["Sources", "Tests", "LoadTest", "MockReceiver", "Benchmarks"].flatMap {
        files(in: $0) { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h") }
    }

    static func swiftFiles(in folder: String) -> [SourceFile] { files(in: folder) { $0.hasSuffix(".swift") } }

    /// A text file's lines; none where it is not there.
    static func lines(of path: String) -> [String] {
        let text = try? String(contentsOf: top.appending(path: path), encoding: .utf8)
        return text?.components(separatedBy: "\n") ?? []
    }

    /// Names in a folder, sorted; none where it is not there.
    static func entries(of folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: top.appending(path: folder).path())) ?? []).sorted()
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: top.appending(path: path).path())
    }

    private static func files(in folder: String, where wanted: (String) -> Bool) -> [SourceFile] {
        let walk = FileManager.default.enumerator(atPath: top.appending(path: folder).path())
        return (walk?.compactMap { $0 as? String } ?? []).filter(wanted).sorted().compactMap { path in
            let text = try? String(contentsOf: top.appending(path: "\(folder)/\(path)"), encoding: .utf8)
            return text.map { SourceFile(path: "\(folder)/\(path)", text: $0) }
        }
    }
}

extension StringProtocol {
    /// Where the word stands first, compared byte by byte: some hundred times as fast as `contains`, over 100,000 lines.
    func utf8Range(of word: String) -> Range<Index>? {
        let first = word.utf8.first!
        var rest = utf8[...]
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: word.utf8) { return start..<rest.index(start, offsetBy: word.utf8.count) }
            rest = rest.dropFirst()
        }
        return nil
    }

    func has(_ word: String) -> Bool { utf8Range(of: word) != nil }
}
