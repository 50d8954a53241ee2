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
        "both forms of RFC 9110 are read",
        arguments: [
            (" 120\r\n", RetryAfter.seconds(120)), ("0", .seconds(0)),
            ("99999999999999999999", .seconds(9_999_999_999)),
            (" Sun, 06 Nov 1994 08:49:37 GMT\r\n", .date(784_111_777)),
            ("Thu, 29 Feb 2024 23:59:59 GMT", .date(1_709_251_199)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", .date(0)), ("Wed, 31 Dec 2199 00:00:00 GMT", .date(7_258_032_000)),
        ])
    func forms(text: String, value: RetryAfter) {
        #expect(read(text) == value)
    }

    @Test(
        "anything else is ignored",
        arguments: [
            "", "  ", "-1", "1.5", "soon", "120 s", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
        ])
    func nothing(text: String) {
        #expect(read(text) == nil)
    }

    @Test("the delay is never negative and at most a day")
    func clamp() {
        #expect(RetryAfter.seconds(7).milliseconds(now: 0) == 7_000)
        #expect(RetryAfter.seconds(9_999_999_999).milliseconds(now: 0) == Limits.retryAfterMilliseconds)
        #expect(RetryAfter.date(1_000).milliseconds(now: 990_500) == 9_500)
        #expect(RetryAfter.date(1_000).milliseconds(now: 2_000_000) == 0)
    }
}
