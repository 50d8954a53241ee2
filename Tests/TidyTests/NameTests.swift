import Testing

@Suite struct NameTests {
    /// Words that say where a thing was put, not what it is.
    private static let empty = ["Util", "Helper", "Manager", "Common"]

    private static let declaring: Set<Substring> = ["class", "struct", "enum", "actor", "protocol", "typealias"]

    @Test func `no file has a meaningless name`() {
        for file in SourceTree.all {
            for word in NameTests.empty where file.name.contains(word) {
                Issue.record("\(file.path): \"\(word)\" in a file's name; name it after what it does")
            }
        }
    }

    @Test func `no type has a meaningless name`() {
        for file in SourceTree.all {
            for (number, name) in declarations(file) {
                for word in NameTests.empty where name.contains(word) {
                    Issue.record("\(file.path):\(number): type \(name) says \"\(word)\"; name it after what it does")
                }
            }
        }
    }

    // Such a type hides the module: nothing could name anything in it in full any more.
    @Test(arguments: SourceTree.rooms) func `no type has its module's name`(room: Room) {
        for file in room.files {
            for (number, name) in declarations(file) where name == room.name {
                Issue.record("\(file.path):\(number): type \(name) bears its module's name; choose another")
            }
        }
    }

    private func declarations(_ file: SourceFile) -> [(number: Int, name: String)] {
        file.code.compactMap { number, text in
            let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            guard let index = words.firstIndex(where: NameTests.declaring.contains), index + 1 < words.count else {
                return nil
            }
            let name = words[index + 1]
            return name.first?.isUppercase == true ? (number, String(name)) : nil
        }
    }
}
