import Testing

@Suite struct TestHabitsTests {
    // This folder names what it forbids.
    private static let files = SourceTree.tests.filter { !$0.path.hasPrefix("Tests/TidyTests/") }

    private static let waits = ["sleep(", "asyncAfter("]

    @Test func `no test sleeps`() {
        for file in TestHabitsTests.files {
            for (number, text) in file.code where TestHabitsTests.waits.contains(where: text.has) {
                Issue.record("\(file.path):\(number): sleeps; step the time, arm a signal or await the condition")
            }
        }
    }

    // Tests are built in release mode, where @testable does not exist.
    @Test func `no test imports with testable`() {
        for file in TestHabitsTests.files {
            for (number, text) in file.code where text.has("@testable") {
                Issue.record("\(file.path):\(number): @testable; give what it needs `package` access")
            }
        }
    }

    @Test func `no test is switched off without a reason`() {
        for file in TestHabitsTests.files {
            for (number, text) in file.code where text.has(".disabled()") {
                Issue.record("\(file.path):\(number): disabled in silence; say why in .disabled(\"…\")")
            }
        }
    }
}
