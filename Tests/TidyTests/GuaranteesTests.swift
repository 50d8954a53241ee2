import Testing

/// Guarantees.md names the tests of each promise. A name that no test has proves nothing.
@Suite struct GuaranteesTests {
    private static let page = "Sources/needletail/needletail.docc/Guarantees.md"

    /// A suite that the page names, or a test of one.
    private struct Name {
        let line: Int
        let suite: String
        let test: String?
    }

    /// `Suite.test`, `Suite`, the suite "in words", and "a test in words", which belongs to the latest suite of its
    /// paragraph or list entry.
    private static let names: [Name] = {
        var names: [Name] = []
        var suite: String?
        let lines = SourceTree.lines(of: page)
        // Before the first promise the page explains how it names tests.
        for (index, line) in lines.enumerated().drop(while: { !$1.hasPrefix("## ") }) {
            if line.isEmpty || line.hasPrefix("- ") { suite = nil }
            for match in line.matches(of: /`(\w+Tests)(?:\.(\w+))?`|suite "([^"]+)"|"([^"]+)"/) {
                if let named = match.1 ?? match.3 { suite = String(named) }
                guard let suite else { continue }
                names.append(Name(line: index + 1, suite: suite, test: (match.2 ?? match.4).map(String.init)))
            }
        }
        return names
    }()

    /// A test file: the suites that it declares or extends, and its tests, by function and in words.
    private struct TestFile {
        let target: Substring
        var suites: Set<Substring> = []
        var tests: Set<Substring> = []

        init(_ file: SourceFile) {
            target = file.path.split(separator: "/")[1]
            for (_, text) in file.code {
                if text.has("Tests"), let match = text.firstMatch(of: /(?:struct|class|enum|extension) (\w+Tests)\b/) {
                    suites.insert(match.1)
                }
                if text.has("@Suite"), let match = text.firstMatch(of: /@Suite\("([^"]+)"/) { suites.insert(match.1) }
                if text.has("func "), let match = text.firstMatch(of: /func (?:`([^`]+)`|(\w+))\(/),
                    let name = match.1 ?? match.2
                {
                    tests.insert(name)
                }
                // The words of a test stand behind `@Test(`, or alone at the beginning of the next line.
                if text.has("\""), let match = text.prefixMatch(of: /\s*(?:@Test\()?"([^"]+)"/) {
                    tests.insert(match.1)
                }
                if text.has("@Test"), let match = text.firstMatch(of: /@Test\("([^"]+)"/) { tests.insert(match.1) }
            }
        }
    }

    @Test func `every test that the page names exists`() {
        let files = SourceTree.tests.map(TestFile.init)
        for name in GuaranteesTests.names {
            let place = "\(GuaranteesTests.page):\(name.line)"
            let chosen = files.filter { $0.target == name.suite || $0.suites.contains(name.suite[...]) }
            if chosen.isEmpty {
                Issue.record("\(place): there is no suite \(name.suite)")
            } else if let test = name.test, !chosen.contains(where: { $0.tests.contains(test[...]) }) {
                Issue.record("\(place): \(name.suite) has no test \"\(test)\"")
            }
        }
    }

    @Test func `the page is read`() {
        let tests = GuaranteesTests.names.compactMap(\.test)
        #expect(tests.filter { $0.contains(" ") }.count > 20)
        #expect(tests.filter { !$0.contains(" ") }.count > 15)
        #expect(GuaranteesTests.names.filter { $0.test == nil }.count > 15)
    }
}
