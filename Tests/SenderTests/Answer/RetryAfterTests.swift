import Sender
import Testing
import WebhookModel

@Suite("RetryAfter")
struct RetryAfterTests {
    private func read(_ text: String) -> RetryAfter? {
        var text = text
        return text.withUTF8 { RetryAfter(UnsafeRawBufferPointer($0)) }
    }

    @Test(
        "seconds and the three date forms of RFC 9110 are read",
        arguments: [
            (" 120\r\n", RetryAfter.seconds(120)), ("0", .seconds(0)), ("0000000000000000000000007", .seconds(7)),
            ("86400", .seconds(86_400)),
            (" Sun, 06 Nov 1994 08:49:37 GMT\r\n", .date(784_111_777)),
            ("Thu, 29 Feb 2024 23:59:59 GMT", .date(1_709_251_199)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", .date(0)), ("Wed, 31 Dec 2199 00:00:00 GMT", .date(7_258_032_000)),
            ("Sun Nov  6 08:49:37 1994", .date(784_111_777)), ("Thu Feb 29 23:59:59 2024", .date(1_709_251_199)),
            ("Thursday, 29-Feb-24 23:59:59 GMT", .shortDate(1_709_251_199)),
            ("Wednesday, 01-Jan-25 00:00:00 GMT", .shortDate(1_735_689_600)),
            ("Sun, 01-Jan-00 00:00:60 GMT", .shortDate(946_684_860)),
        ])
    func forms(text: String, value: RetryAfter) {
        #expect(read(text) == value)
    }

    @Test(
        "anything else is ignored",
        arguments: [
            "", "  ", "-1", "+1", "1.5", "soon", "120 s", "1e3", "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37",
            "Sunday, 6-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-94 08:60:37 GMT", "Sunday Nov  6 08:49:37 1994",
            "Sun Nov 6 08:49:37 1994", "Sun Nov    08:49:37 1994", "Sun Nov  6 08:49:37 1994 GMT", "Sun",
            "Sun, 06 Nov 1994 08-49-37 GMT", "1994-11-06T08:49:37Z", "Wednesdayish, 06-Nov-94 08:49:37 GMT",
        ])
    func nothing(text: String) {
        #expect(read(text) == nil)
    }

    @Test("the delay is never negative and at most a day")
    func clamp() {
        #expect(RetryAfter.seconds(7).milliseconds(now: 0) == 7_000)
        #expect(RetryAfter.seconds(86_400).milliseconds(now: 0) == Limits.retryAfterMilliseconds)
        #expect(RetryAfter.date(1_000).milliseconds(now: 990_500) == 9_500)
        #expect(RetryAfter.date(1_000).milliseconds(now: 2_000_000) == 0)
        #expect(RetryAfter.date(7_258_032_000).milliseconds(now: 0) == Limits.retryAfterMilliseconds)
    }

    /// 2026-11-30 21:00:00 UTC.
    private let now: Int64 = 1_796_072_400

    @Test(
        "a number of more than a day is a time, in whatever unit",
        arguments: ["1796072430", "1796072430000", "1796072430000000", "1796072430000000000"])
    func unixTime(text: String) {
        #expect(read(text)?.milliseconds(now: now * 1_000) == 30_000)
    }

    @Test(
        "a number that is neither a delay nor a plausible time holds nothing",
        arguments: [
            "86401", "120000", "3600000", "1796072399", "1796072399000", "9999999999", "99999999999999999999",
            "9223372036854775807",
        ])
    func wrongUnit(text: String) {
        #expect(read(text)?.milliseconds(now: now * 1_000) == 0)
    }

    @Test("a time that is days ahead holds for a day")
    func timeDaysAhead() {
        #expect(read("1796331600")?.milliseconds(now: now * 1_000) == Limits.retryAfterMilliseconds)
        #expect(read("Thursday, 03-Dec-26 21:00:00 GMT")?.milliseconds(now: now * 1_000) == 86_400_000)
    }

    @Test("a year of two digits that is more than 50 years ahead is of the century before")
    func shortYear() {
        #expect(read("Sunday, 06-Nov-94 08:49:37 GMT")?.milliseconds(now: now * 1_000) == 0)
        #expect(read("Sunday, 01-Nov-76 00:00:00 GMT")?.milliseconds(now: now * 1_000) == 86_400_000)
        #expect(read("Sunday, 01-Dec-76 00:00:00 GMT")?.milliseconds(now: now * 1_000) == 0)
        #expect(read("Monday, 30-Nov-26 21:00:09 GMT")?.milliseconds(now: now * 1_000) == 9_000)
    }
}
