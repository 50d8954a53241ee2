import NeedletailServer
import Testing

@Suite struct LogLineTests {
    @Test func `a time is RFC 3339 with milliseconds`() {
        #expect(LogLine.time(seconds: 0, nanoseconds: 0) == "1970-01-01T00:00:00.000Z")
        #expect(LogLine.time(seconds: 1_709_210_096, nanoseconds: 7_999_999) == "2024-02-29T12:34:56.007Z")
    }

    @Test func `the text form is one readable line`() {
        let line = LogLine.text(.text, time: "T", level: "info", message: "ready", [("port", "7400"), ("why", "a b")])
        #expect(line == "T info     ready port=7400 why=\"a b\"\n")
    }

    @Test func `json is one object a line`() {
        let line = LogLine.text(.json, time: "T", level: "info", message: "a \"b\"", [("k", "v\\")])
        #expect(line == "{\"time\":\"T\",\"level\":\"info\",\"message\":\"a \\\"b\\\"\",\"k\":\"v\\\\\"}\n")
    }

    @Test(arguments: ServerConfiguration.LogSection.Format.allCases)
    func `text from outside cannot begin a new log line`(format: ServerConfiguration.LogSection.Format) {
        let line = LogLine.text(format, time: "T", level: "info", message: "a\nb\u{1B}", [("k", "x\ny")])
        #expect(line.filter(\.isNewline).count == 1)
        #expect(!line.contains("\u{1B}"))
    }
}
