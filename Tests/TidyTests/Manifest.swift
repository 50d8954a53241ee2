import Foundation
import TestSupport

/// Package.swift, as `swift package dump-package` prints it.
enum Manifest {
    struct Target: Sendable {
        /// As a module: with `_` for `-`.
        let name: String
        let isTest: Bool
        /// Where its files lie, from the top.
        let folder: String
        /// Modules of ours and products of packages.
        let dependencies: [String]
    }

    /// In the manifest's order. Throws when `swift` cannot print it.
    static let targets: Result<[Target], any Error> = Result { try read() }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    private static func read() throws -> [Target] {
        let folder = TemporaryDirectory()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        // A scratch directory of its own: that of the package is locked while tests run.
        process.arguments = [
            "swift", "package", "--package-path", SourceTree.top.path(), "--scratch-path", folder.path, "dump-package",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0,
            let manifest = try JSONSerialization.jsonObject(with: data) as? [String: Any],
            let targets = manifest["targets"] as? [[String: Any]]
        else { throw Unreadable(description: "swift package dump-package: exit status \(process.terminationStatus)") }
        return targets.compactMap(target)
    }

    private static func target(_ entry: [String: Any]) -> Target? {
        guard let name = entry["name"] as? String, let type = entry["type"] as? String else { return nil }
        // Each dependency is an object of one field, named after its kind; its value begins with the name.
        let dependencies = (entry["dependencies"] as? [[String: [Any]]] ?? []).compactMap {
            $0.values.first?.first as? String
        }
        return Target(
            name: name.replacing("-", with: "_"), isTest: type == "test",
            folder: entry["path"] as? String ?? "Sources/\(name)", dependencies: dependencies)
    }
}
