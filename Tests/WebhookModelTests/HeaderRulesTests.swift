import Testing
import WebhookModel

@Suite struct HeaderRulesTests {
    @Test(arguments: ["X-Token", "Authorization", "a", "!#$%&'*+-.^_`|~", "Accept", "X-Webhook-Kind"])
    func acceptsValidNames(name: String) {
        #expect(CustomHeader(name, "value").mistake == nil)
    }

    @Test(arguments: [
        "", "a b", "a:", "a\r\nb", "a\0", "é", "(x)", "Host", "CONTENT-LENGTH", "transfer-encoding", "Connection", "TE",
        "upgrade", "Expect",
        "Cookie", "Proxy-Authorization", "proxy-x", "webhook-id", "Webhook-Anything", "Content-Type", "User-Agent",
        "keep-alive",
        String(repeating: "x", count: 129),
    ])
    func refusesInvalidNames(name: String) {
        #expect(CustomHeader(name, "value").mistake != nil)
    }

    @Test(arguments: ["a", "a b", "~!@ \"x\"; q=1"])
    func acceptsValidValues(value: String) {
        #expect(CustomHeader("X-A", value).mistake == nil)
    }

    @Test(arguments: ["", " a", "a ", "a\rb", "a\nX-B: c", "a\0b", "\t", "ü", "\u{7f}"])
    func refusesInvalidValues(value: String) throws {
        let mistake = try #require(CustomHeader("X-A", value).mistake)
        // The value may be a credential: the words are the same whatever it is.
        #expect(mistake.hasPrefix("its value ") && !mistake.contains("X-B"))
    }
}
