import Testing

@Suite struct LayoutTests {
    /// What the house allows at the top, and what git ignores there.
    private static let top: Set<String> = [
        "Package.swift", "Sources", "Tests", "Benchmarks", "LoadTest", "MockReceiver", "README.md",
        ".ci", ".github", ".gitignore", ".swift-format", ".git",
        ".build", ".build-tsan", "Package.resolved", ".swiftpm", ".work", "data", "__pycache__",
    ]
    /// A file is read in one sitting.
    private static let most = 400
    /// Longer files, each with its reason.
    private static let longer: [String: String] = [
        "Sources/WebhookModel/Limits.swift":
            "every limit of the server with its reason: a list, in the order of the rooms"
    ]

    @Test func `the top level has only the allowed entries`() {
        for entry in SourceTree.entries(of: ".") where !LayoutTests.top.contains(entry) && !entry.hasSuffix(".profraw")
        {
            Issue.record("\(entry): does not belong at the top level; move it into a room, or remove it")
        }
    }

    @Test func `no file is too long to read at once`() {
        for file in SourceTree.all where file.lines.count > LayoutTests.most && LayoutTests.longer[file.path] == nil {
            Issue.record(
                "\(file.path): \(file.lines.count) lines, more than \(LayoutTests.most); split it, or add it to `longer` with the reason"
            )
        }
    }

    @Test func `each file in the list of long files is long`() {
        for path in LayoutTests.longer.keys.sorted() {
            let lines = SourceTree.all.first { $0.path == path }?.lines.count ?? 0
            #expect(lines > LayoutTests.most, "\(path): has \(lines) lines now; take it off the list")
        }
    }

    @Test(arguments: SourceTree.rooms.filter { !$0.folder.hasSuffix("/Command") })
    func `each room has its page`(room: Room) {
        let page = "\(room.folder)/\(room.name).docc/\(room.name).md"
        #expect(
            SourceTree.exists(page),
            "\(page): is missing; say the room's purpose, what it may touch, its invariants, its tests")
    }

    @Test func `no placeholder is left`() {
        for file in SourceTree.all where file.name == "Stub.swift" {
            Issue.record("\(file.path): a stub; delete it once the room has files of its own")
        }
    }
}
