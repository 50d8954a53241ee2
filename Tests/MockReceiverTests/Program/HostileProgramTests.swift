import MockReceiver
import Testing

/// Texts that are small and cost much.
@Suite(.timeLimit(.minutes(5))) struct HostileProgramTests {
    private func mistakes(_ text: String) -> [String] {
        do {
            _ = try ProgramFile.parse(text)
            return []
        } catch {
            return error.mistakes.map(\.description)
        }
    }

    @Test(arguments: [
        "a: &a [x, x]", "- &a x", "rules: [&r {path: /a}, *r]", "{&a x: 1}", "rules: !!seq &r []",
        "x: 'it''s'\ny: &a b", "? &a b\n: c",
        "{\"a\":&b c}",
    ])
    func anchorsAreRefused(text: String) {
        #expect(mistakes(text).first?.contains("anchors (&name) are not allowed") == true, "\(mistakes(text))")
    }

    @Test func nestedAliasesAreRefusedAtOnce() {
        var text = "{a: &a [x,x]"
        for (last, next) in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz") {
            text += ", \(next): &\(next) [*\(last),*\(last)]"
        }
        #expect(mistakes(text + ", ? *z : 1}").first?.hasPrefix("1:5: anchors") == true)
        #expect((try? AssertionFile.parse("- &a {duplicates: 0}\n- *a")) == nil)
    }

    @Test(arguments: [
        "rules: [{path: /a, body: \"&a\"}]", "rules: [{path: /a, body: '&a', headers: {x-a: \"a & b\"}}]",
        "rules: # &a\n  - {path: /a&b}",
        "{\"rules\":[{\"path\":\"/a\",\"body\":\"x, &b \\\" &c\"}]}", "rules:\n  - path: /a&y=2\n    body: a &b",
    ])
    func ampersandsInTextsAreAllowed(text: String) { #expect(mistakes(text) == []) }

    @Test func atMostAHundredMistakesAreReported() {
        #expect(mistakes("{" + (0..<1_000).map { "k\($0): 1" }.joined(separator: ", ") + "}").count == 100)
    }

    @Test func datesAndPortsHaveBounds() {
        for date in ["date-2000000000", "date+9223372036854775807"] {
            #expect(
                mistakes("rules: [{path: /a, retry_after: \(date)}]") == [
                    "1:33: retry_after: expected date-1000000000 to date+100000000"
                ])
        }
        #expect(mistakes("connections: [{fault: refuse, percent: 10, connections: 1..2}]").count == 2)
        #expect(mistakes("rules: [{path: /a, fault: {gzip_bomb: 2000}}]").first?.contains("1 to 1024") == true)
    }
}
