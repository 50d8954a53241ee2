import Testing

/// The same rules stand in three places: the table of Sources/README.md for people, `RoomWalls` for the import test, and
/// Package.swift for the build. Here they are compared with each other and with what the rooms import.
@Suite struct MapTests {
    /// Modules that no manifest declares: they come with the system or the toolchain.
    private static let ofTheSystem: Set<String> = ["Glibc", "Foundation", "Dispatch", "CDispatch"]
    /// Hummingbird's API uses its types and its package brings it.
    private static let brought: Set<String> = ["HTTPTypes"]

    /// A row of the map: `| `Room/` | what it is | ours | outside |`.
    private struct Row {
        let room: String
        let ours: Set<String>
        let outside: Set<String>
    }

    private static let rows: [Row] = SourceTree.lines(of: "Sources/README.md").compactMap { line in
        guard let match = line.wholeMatch(of: /\|\s*`(\w+)\/`\s*\|.*\|([^|]*)\|([^|]*)\|/) else { return nil }
        func names(_ cell: Substring) -> Set<String> {
            let names = cell.split(separator: ",").map { $0.trimmingPrefix(/\s+/).prefix { !$0.isWhitespace } }
            return Set(names.map(String.init)).subtracting(["–"])
        }
        return Row(room: String(match.1), ours: names(match.2), outside: names(match.3))
    }

    @Test func `the map lists the rooms of the manifest in its order`() throws {
        let targets = try Manifest.targets.get().filter { $0.folder.hasPrefix("Sources/") && !$0.isTest }
        #expect(MapTests.rows.map(\.room) == targets.map(\.name))
        #expect(targets.count > 15)
    }

    @Test(arguments: SourceTree.rooms.filter { $0.folder.hasPrefix("Sources/") })
    func `a row of the map names what RoomWalls allows`(room: Room) throws {
        let row = try #require(MapTests.rows.first { $0.room == room.name }, "Sources/README.md has no row for it")
        let wall = try #require(RoomWalls.table[room.name], "Tests/TidyTests/RoomWalls.swift has no line for it")
        report(row.ours, wall.ours, "\(room.name), column ours of Sources/README.md", "RoomWalls")
        report(row.outside, wall.outside, "\(room.name), column outside of Sources/README.md", "RoomWalls")
    }

    @Test(arguments: SourceTree.rooms)
    func `the manifest declares what RoomWalls allows`(room: Room) throws {
        let target = try #require(try Manifest.targets.get().first { $0.name == room.name })
        let wall = try #require(RoomWalls.table[room.name])
        let declarable = wall.ours.union(wall.outside).subtracting(MapTests.ofTheSystem).subtracting(MapTests.brought)
        report(Set(target.dependencies), declarable, "\(room.name) in Package.swift", "RoomWalls")
    }

    @Test(arguments: SourceTree.rooms)
    func `a room imports each module that RoomWalls allows`(room: Room) throws {
        let wall = try #require(RoomWalls.table[room.name])
        let imported = Set(room.imports.map(\.module))
        for module in wall.ours.union(wall.outside).subtracting(imported).sorted() {
            Issue.record("\(room.name) never imports \(module); remove it from RoomWalls, Package.swift and the map")
        }
    }

    @Test func `a test target imports each module that the manifest gives it`() throws {
        for target in try Manifest.targets.get() where target.isTest {
            let imported = Set(SourceTree.swiftFiles(in: target.folder).flatMap(\.imports).map(\.module))
            // Given to every test target.
            for module in Set(target.dependencies).subtracting(imported).subtracting(["TestSupport"]).sorted() {
                Issue.record("\(target.name) never imports \(module); remove it from Package.swift")
            }
        }
    }

    @Test func `a target depends only on targets above it`() throws {
        let targets = try Manifest.targets.get()
        let ours = Set(targets.map(\.name))
        var above: Set<String> = []
        for target in targets {
            for dependency in target.dependencies where ours.contains(dependency) && !above.contains(dependency) {
                Issue.record("Package.swift: \(target.name) stands above \(dependency), which it depends on")
            }
            above.insert(target.name)
        }
    }

    /// One issue for each name that only one of two places has.
    private func report(_ one: Set<String>, _ other: Set<String>, _ onePlace: String, _ otherPlace: String) {
        for name in one.subtracting(other).sorted() { Issue.record("\(onePlace): \(name) is not in \(otherPlace)") }
        for name in other.subtracting(one).sorted() {
            Issue.record("\(onePlace): \(name) is missing; \(otherPlace) has it")
        }
    }
}
