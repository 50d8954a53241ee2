import Testing

@Suite struct ImportTests {
    @Test func `every room has a line in the table`() {
        for room in SourceTree.rooms where RoomWalls.table[room.name] == nil {
            Issue.record("\(room.folder): no line in Tests/TidyTests/RoomWalls.swift; add what this room may import")
        }
        #expect(SourceTree.rooms.count >= 17, "the source tree was not found")
    }

    @Test(arguments: SourceTree.rooms) func `a room imports only what RoomWalls allows`(room: Room) {
        guard let wall = RoomWalls.table[room.name] else { return }
        let allowed = wall.ours.union(wall.outside).union(RoomWalls.language)
        for (file, line, module) in room.imports where !allowed.contains(module) {
            Issue.record(
                "\(file):\(line): \(room.name) may not import \(module); move the code to a room that may, or change the map first"
            )
        }
    }

    @Test(arguments: SourceTree.rooms.filter { RoomWalls.hot.contains($0.name) })
    func `a room on the hot path imports no Foundation`(room: Room) {
        for (file, line, module) in room.imports where module.hasPrefix("Foundation") {
            Issue.record("\(file):\(line): \(module) on the hot path; work on bytes instead")
        }
    }
}
