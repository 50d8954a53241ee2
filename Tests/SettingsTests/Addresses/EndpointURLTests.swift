import Settings
import Testing

@Suite("EndpointURL")
struct EndpointURLTests {
    @Test(
        "a URL has one form",
        arguments: [
            ("https://example.com", "https://example.com/"),
            ("HTTPS://EXAMPLE.com/Path?Query=1", "https://example.com/Path?Query=1"),
            ("https://example.com:443/a", "https://example.com/a"),
            ("http://example.com:80/a", "http://example.com/a"),
            ("https://example.com:8443/a", "https://example.com:8443/a"),
            ("http://127.1/a", "http://127.0.0.1/a"),
            ("http://0x7f.1/a", "http://127.0.0.1/a"),
            ("http://2130706433/a", "http://127.0.0.1/a"),
            ("http://017700000001/a", "http://127.0.0.1/a"),
            ("http://[::1]:8080/a", "http://[::1]:8080/a"),
            ("https://xn--bcher-kva.example/a%20b", "https://xn--bcher-kva.example/a%20b"),
        ])
    func canonical(text: String, form: String) throws {
        #expect(try EndpointURL.canonical(text) == form)
        #expect(try EndpointURL.canonical(form) == form, "a form is its own form")
    }

    @Test(
        "a URL that could be read in two ways is refused",
        arguments: [
            ("http://example.com\\@127.0.0.1/", EndpointURLError.backslash),
            ("http://user@example.com/", .userInfo),
            ("http://user:password@example.com/", .userInfo),
            ("http://@example.com/", .userInfo),
            ("https://example.com/a#b", .fragment),
            ("https://example.com/#", .fragment),
            ("https://bücher.example/", .notASCII),
            ("https://a\"b.example/", .host("a\"b.example")),
            ("https://example.com/a b", .characters(encoded: "https://example.com/a%20b")),
            ("https://example.com/\r\nX: y", .characters(encoded: "https://example.com/%0D%0AX:%20y")),
            ("https://example.com/{id}?a=1|2", .characters(encoded: "https://example.com/%7Bid%7D?a=1%7C2")),
            ("https://example.com/\"<>", .characters(encoded: "https://example.com/%22%3C%3E")),
            ("https://example.com/\\a^`", .characters(encoded: "https://example.com/%5Ca%5E%60")),
            ("https://example.com/bücher", .characters(encoded: "https://example.com/b%C3%BCcher")),
            ("https://example.com/?q={", .characters(encoded: "https://example.com/?q=%7B")),
            ("https://example.com/100%", .characters(encoded: "https://example.com/100%25")),
            ("https://example.com/%zz%7b", .characters(encoded: "https://example.com/%25zz%7b")),
            ("ftp://example.com/", .scheme("ftp")),
            ("file:///etc/passwd", .scheme("file")),
            ("example.com", .scheme("example.com")),
            ("https:/example.com/", .scheme("https")),
            ("https://ex%61mple.com/", .host("ex%61mple.com")),
        ])
    func refused(text: String, error: EndpointURLError) {
        #expect(throws: error) { try EndpointURL.canonical(text) }
    }

    @Test(
        "an invalid URL is refused",
        arguments: [
            "", "https://", "https:///path", "https://example.com:0/", "https://example.com:65536/",
            "https://example.com:x/",
            "http://[fe80::1%25eth0]/", "http://[::1/", "https://exa$mple.com/", "https://example.com:-1/",
        ])
    func noURL(text: String) {
        #expect(throws: EndpointURLError.self) { try EndpointURL.canonical(text) }
    }

    @Test("2,048 bytes are the limit")
    func length() throws {
        let start = "https://example.com/"
        let longest = start + String(repeating: "a", count: 2_048 - start.utf8.count)
        #expect(try EndpointURL.canonical(longest) == longest)
        #expect(throws: EndpointURLError.tooLong(2_049)) { try EndpointURL.canonical(longest + "a") }
    }

    @Test("the parts are libcurl's")
    func parts() throws {
        let named = try EndpointURL("https://Hooks.Example.com/x")
        #expect(named.host == "hooks.example.com")
        #expect(named.port == 443)
        #expect(named.isSecure)
        #expect(named.address == nil)
        let numbered = try EndpointURL("http://[::ffff:10.0.0.1]:8080/x")
        #expect(numbered.address == IPAddress("10.0.0.1"))
        #expect(numbered.port == 8080)
        #expect(!numbered.isSecure)
    }
}
