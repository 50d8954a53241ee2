import Sender
import Testing

@Suite struct JSONFormTests {
    private func isValue(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes(JSONForm.isValue) }

    @Test(arguments: [
        "{}", "[]", " { } ", "null", "true", "false", "0", "-0", "10", "-1.5e+10", "1E5", "0.1", "\"\"", "\"ü\"",
        #""\u00fC\n\"\\\/""#,
        #"{"a":[1,2,{"b":null}],"c":"d"}"#, "[1 , 2]\n", "\t1\r\n",
        String(repeating: "[", count: 255) + String(repeating: "]", count: 255),
    ])
    func acceptsJSON(text: String) {
        #expect(isValue(Array(text.utf8)))
    }

    @Test(arguments: [
        "", " ", "nul", "truex", "01", "-", "1.", ".5", "1e", "+1", "0x1", "\"", "\"\\", #""\x""#, #""\u12g4""#,
        "\"a\nb\"", "[1,]", "[,]", "[1 2]",
        "{", "{]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "1 2", "{} {}", "NaN", "'a'", "[1],", "\u{feff}{}",
        String(repeating: "[", count: 257) + String(repeating: "]", count: 257),
    ])
    func refusesOtherTexts(text: String) {
        #expect(!isValue(Array(text.utf8)))
    }

    @Test func refusesInvalidUTF8() {
        #expect(!isValue([0x22, 0xFF, 0x22]))
        #expect(!isValue([0x22, 0xC3, 0x22]))
        #expect(!isValue(Array("\"a".utf8) + [0, 0x22]))
    }

    @Test func refusesEveryTruncatedValue() {
        let whole = Array(#"{"a":[1.5e3,"b\u00ffc",true]}"#.utf8)
        for count in whole.indices { #expect(!isValue(Array(whole[..<count]))) }
    }
}
