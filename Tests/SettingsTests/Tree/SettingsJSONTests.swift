import Settings
import Testing

@Suite struct SettingsJSONTests {
    private func refusal(_ text: String, depthMost: Int = 16) -> SettingsMistake? {
        do throws(SettingsMistakes) {
            _ = try SettingsJSON.parse(text.utf8, depthMost: depthMost)
            return nil
        } catch {
            #expect(error.list.count == 1)
            return error.list.first
        }
    }

    private func position(_ line: Int, _ column: Int) -> SettingsPosition {
        SettingsPosition(line: line, column: column)
    }

    @Test func `a document becomes a tree with positions`() throws {
        let node = try SettingsJSON.parse("{\n  \"näme\": \"a\",\n  \"é\": [1, true], \"m\": {}\n}\n".utf8)
        let expected = SettingsNode(
            .map([
                SettingsEntry("näme", at: position(2, 3), SettingsNode(.text("a"), at: position(2, 11))),
                SettingsEntry(
                    "é", at: position(3, 3),
                    SettingsNode(
                        .list([
                            SettingsNode(.text("1"), at: position(3, 9)),
                            SettingsNode(.text("true"), at: position(3, 12)),
                        ]), at: position(3, 8))),
                SettingsEntry("m", at: position(3, 19), SettingsNode(.map([]), at: position(3, 24))),
            ]), at: position(1, 1))
        #expect(node == expected)
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "-0"), ("-12.50e+3", "-12.50e+3"), ("1E9", "1E9"), ("true", "true"), ("false", "false"),
        ("null", ""), ("\"\"", ""), (#""\" \\ \/ \b\f\n\r\t""#, "\" \\ / \u{8}\u{C}\n\r\t"),
        (#""\u00e9\u0000""#, "é\0"),
        (#""\uD83D\uDE00 😀""#, "😀 😀"), (" \t\r\n\"x\" ", "x"),
    ])
    func `a scalar keeps its text as written`(json: String, text: String) throws {
        #expect(try SettingsJSON.parse(json.utf8).text == text)
    }

    @Test(arguments: [
        ("", 1, 1, "", "the document ends where a value is expected"),
        ("{", 1, 2, "", "expected a name in double quotes"),
        ("{\"a\" 1}", 1, 6, "/a", "expected a colon after the name"),
        ("{\"a\":1 \"b\":2}", 1, 8, "", "expected a comma or }"),
        ("{\"a\":1,}", 1, 8, "", "expected a name in double quotes"),
        ("[1,]", 1, 4, "/1", "expected a value"),
        ("[1 2]", 1, 4, "", "expected a comma or ]"),
        ("{'a':1}", 1, 2, "", "expected a name in double quotes"),
        ("// no comments\n1", 1, 1, "", "expected a value"),
        ("1 2", 1, 3, "", "expected nothing after the value"),
        ("\u{FEFF}1", 1, 1, "", "expected a value"),
        ("01", 1, 2, "", "expected nothing after the value"),
        ("+1", 1, 1, "", "expected a value"),
        ("1.", 1, 3, "", "expected a digit"),
        (".5", 1, 1, "", "expected a value"),
        ("1e", 1, 3, "", "expected a digit"),
        ("-", 1, 2, "", "expected a digit"),
        ("NaN", 1, 1, "", "expected a value"),
        ("tru", 1, 1, "", "expected a value"),
        ("{\"a\":[{\"b\":\"x\ny\"}]}", 1, 14, "/a/0/b", "control characters"),
        ("{\n \"a\": \"x", 2, 9, "/a", "the document ends inside a string"),
        (#""\x""#, 1, 3, "", "after a backslash"),
        (#""\u12G4""#, 1, 6, "", "four hex digits"),
        (#""\uD800""#, 1, 8, "", "both halves of a surrogate pair"),
        (#""\uD800\u0041""#, 1, 14, "", "second half of a surrogate pair"),
        (#""\uDC00""#, 1, 8, "", "both halves of a surrogate pair"),
    ])
    func `a document that is not JSON is refused at its place`(
        json: String, line: Int, column: Int, path: String, text: String
    ) throws {
        let mistake = try #require(refusal(json))
        #expect(mistake.code == .malformed && mistake.detail.hasPrefix("not JSON: "))
        #expect(mistake.detail.contains(text), "\(mistake.detail)")
        #expect(mistake.position == position(line, column), "\(json)")
        #expect(mistake.path == path)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes in [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]] {
            #expect(throws: SettingsMistakes.self) { try SettingsJSON.parse(bytes) }
        }
    }

    @Test func `a name that is given twice is refused by name`() throws {
        let mistake = try #require(refusal("{\"a\": {\"x/y~\": 1,\n\"x\\/y~\": 2}}"))
        #expect(mistake.code == .duplicate && mistake.path == "/a/x~1y~0")
        #expect(mistake.detail == "the field \"x/y~\" is given twice; remove one")
        #expect(mistake.position == position(2, 1))
    }

    @Test func `depth is limited`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(refusal(nested(3), depthMost: 3) == nil)
        #expect(try #require(refusal(nested(4), depthMost: 3)).detail == "not JSON: nested more than 3 levels deep")
        // A parser without a limit would overflow the stack.
        #expect(refusal(String(repeating: "[", count: 1_000_000)) != nil)
        #expect(refusal(String(repeating: "{\"a\":", count: 500_000)) != nil)
    }

    @Test(.timeLimit(.minutes(5))) func `a long line costs no more than many lines`() throws {
        let count = 500_000
        let node = try SettingsJSON.parse("[\(String(repeating: "1,", count: count - 1))1]".utf8)
        #expect(node.list?.count == count)
        #expect(node.list?.last?.position == position(1, 2 * count))
    }

    @Test func `size is limited`() {
        #expect(throws: Never.self) { try SettingsJSON.parse("\"xx\"".utf8, sizeMost: 4) }
        #expect(throws: SettingsMistakes.self) { try SettingsJSON.parse("\"xxx\"".utf8, sizeMost: 4) }
    }
}
