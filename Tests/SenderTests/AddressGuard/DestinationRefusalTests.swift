import Sender
import Settings
import Testing
import WebhookModel

/// F26: what no delivery can ever go to is known before the first attempt.
@Suite("DestinationRefusal")
struct DestinationRefusalTests {
    private func refusal(
        _ url: String, allow: [String] = [], deny: [String] = [], tenant: [String] = [],
        own: EndpointConnection? = nil
    ) throws -> DestinationRefusal? {
        let rules = try AddressRules(own, tenantNetworks: tenant)
        return try AddressGuard(allow: allow, deny: deny).refusal(of: EndpointURL(url), under: rules)
    }

    @Test(
        "without lists",
        arguments: [
            ("https://10.0.0.5/", DestinationRefusal.address), ("https://[::1]/", .address),
            ("https://127.1/", .address), ("https://2130706433/", .address), ("https://[::ffff:10.0.0.1]/", .address),
            ("https://169.254.169.254/latest", .metadata), ("https://100.100.100.200/", .metadata),
            ("https://[fd00:ec2::254]/", .metadata), ("https://metadata.google.internal/x", .metadata),
            ("https://Metadata.Google.Internal./x", .metadata), ("https://metadata/", .metadata),
            ("https://localhost/", .thisMachine), ("https://LOCALHOST.:8443/", .thisMachine),
            ("https://a.localhost/", .thisMachine), ("https://localhost:22/", .thisMachine),
            ("https://8.8.8.8:22/", .port(22)), ("https://a.example:22/", .port(22)),
            ("https://a.example:81/", .port(81)), ("https://a.example:6379/", .port(6_379)),
            ("https://a.example/", nil), ("https://a.example:8443/", nil), ("https://8.8.8.8/", nil),
            ("https://localhost.example/", nil), ("https://metadata.example/", nil), ("https://db.internal/", nil),
        ])
    func alone(url: String, expected: DestinationRefusal?) throws {
        #expect(try refusal(url) == expected)
    }

    @Test("what the server or the tenant allows is good")
    func allowed() throws {
        #expect(try refusal("https://10.0.0.5/", allow: ["10.0.0.0/8"]) == nil)
        #expect(try refusal("https://10.0.0.5/", tenant: ["10.0.0.5"]) == nil)
        #expect(try refusal("https://10.0.0.5/", tenant: ["10.0.0.6"]) == .address)
        #expect(try refusal("https://localhost/", allow: ["127.0.0.1:443"]) == nil)
        #expect(try refusal("https://localhost/", tenant: ["::1"]) == nil)
        #expect(try refusal("https://localhost:8443/", allow: ["127.0.0.1:443"]) == .thisMachine)
        #expect(try refusal("https://10.0.0.5:22/", allow: ["10.0.0.0/8"]) == .port(22))
        #expect(try refusal("https://10.0.0.5:22/", allow: ["10.0.0.0/8:22"]) == nil)
        #expect(try refusal("https://inside.example:22/", tenant: ["10.0.0.0/8:22"]) == nil)
        #expect(try refusal("https://inside.example:22/", tenant: ["10.0.0.0/8:25"]) == .port(22))
    }

    @Test("what a list denies is refused, and nothing allows a metadata service")
    func denied() throws {
        #expect(try refusal("https://8.8.8.8/", deny: ["8.8.8.0/24"]) == .denied)
        #expect(try refusal("https://10.0.0.5/", allow: ["10.0.0.0/8"], deny: ["10.0.0.5:443"]) == .denied)
        var own = EndpointConnection()
        own.allowNetworks = ["8.8.4.0/24:443"]
        #expect(try refusal("https://8.8.8.8/", own: own) == .denied)
        #expect(try refusal("https://8.8.4.4/", own: own) == nil)
        #expect(try refusal("https://a.example/", own: own) == nil)
        #expect(try refusal("https://a.example:8443/", own: own) == .denied)
        #expect(try refusal("https://169.254.169.254/", allow: ["0.0.0.0/0"], tenant: ["169.254.169.254"]) == .metadata)
        #expect(try refusal("https://metadata.goog/", allow: ["0.0.0.0/0", "::/0"]) == .metadata)
    }
}
