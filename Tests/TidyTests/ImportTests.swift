import Testing

@Suite struct ImportTests {
    @Test func `every room has a line in the table`() {
        for room in SourceTree.rooms where RoomWalls.table[room.name] == nil {
            Issue.record("\(room.folder): no line in Tests/TidyTests/RoomWalls.swift; add what this room may import")
        }
        #expect(SourceTree.rooms.count >= 17, "the source tree was not found")
    }

    @Test(arguments: SourceTree.rooms) func `a room imports what the house lets it`(room: Room) {
        guard let wall = RoomWalls.table[room.name] else { return }
        let allowed = wall.ours.union(wall.outside).union(RoomWalls.language)
        for (file, line, module) in imports(room) where !allowed.contains(module) {
            Issue.record(
                "\(file):\(line): \(room.name) may not import \(module); move the code to a room that may, or change the house first"
            )
        }
    }

    @Test(arguments: SourceTree.rooms.filter { RoomWalls.hot.contains($0.name) })
    func `a hot room imports no Foundation`(room: Room) {
        for (file, line, module) in imports(room) where module.hasPrefix("Foundation") {
            Issue.record("\(file):\(line): \(module) on the hot path; work on bytes instead")
        }
    }

    /// Also `import struct X.Y`, and imports with an access level or an attribute.
    private func imports(_ room: Room) -> [(file: String, line: Int, module: String)] {
        room.files.flatMap { file in
            file.code.compactMap { number, text in
                guard text.contains("import ") else { return nil }
                let pattern =
                    /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
                return text.firstMatch(of: pattern).map { (file.path, number, String($0.output.1)) }
            }
        }
    }
}
