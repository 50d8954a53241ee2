import Sender
import Settings
import TestSupport
import Testing
import WebhookModel

/// What an endpoint and its tenant say, on the server's guard.
func addressRules(tenant: [String] = [], allow: [String] = [], deny: [String] = []) throws -> AddressRules? {
    var connection = EndpointConnection()
    connection.allowNetworks = allow
    connection.denyNetworks = deny
    return try AddressRules(Sample.endpoint(connection: connection, tenantNetworks: tenant))
}

@Suite("Allow and deny lists")
struct AddressRulesTests {
    private static let inside = ["10.0.0.0/8"]
    private static let outside = ["8.8.0.0/16"]

    /// Server's allow, server's deny, tenant's allow, endpoint's allow, endpoint's deny; is 10.1.1.1 let through; and 8.8.8.8.
    static let table: [([String], [String], [String], [String], [String], Bool, Bool)] = [
        ([], [], [], [], [], false, true),
        // What opens.
        (inside, [], [], [], [], true, true),
        ([], [], inside, [], [], true, true),
        ([], [], [], inside, [], false, false),
        // What restricts.
        ([], [], [], outside, [], false, true),
        (inside, [], [], inside, [], true, false),
        ([], [], inside, inside, [], true, false),
        ([], [], [], inside + outside, [], false, true),
        // What refuses, whatever opens.
        (inside, inside, inside, inside, [], false, false),
        ([], outside, [], outside, [], false, false),
        (inside, [], inside, [], inside, false, true),
        ([], [], outside, [], outside, false, false),
        // A port of its own.
        ([], [], ["10.1.1.1:443"], [], [], true, true),
        ([], [], ["10.1.1.1:444"], [], [], false, true),
        (inside, ["10.1.1.1:444"], [], [], [], true, true),
        (inside, ["10.1.1.1:443"], [], [], [], false, true),
        ([], [], [], ["8.8.8.8:443"], [], false, true),
        ([], [], [], ["8.8.8.8:444"], [], false, false),
        ([], [], [], [], ["8.8.8.8:443"], false, false),
        ([], [], [], [], ["8.8.8.8:444"], false, true),
    ]

    @Test("each list has its effect", arguments: table)
    func lists(
        allow: [String], deny: [String], tenant: [String], ownAllow: [String], ownDeny: [String], isIn: Bool,
        isOut: Bool
    ) throws {
        let addressGuard = try AddressGuard(allow: allow, deny: deny)
        let rules = try addressRules(tenant: tenant, allow: ownAllow, deny: ownDeny)
        #expect(addressGuard.allows(IPAddress(v4: 0x0A01_0101), port: 443, under: rules) == isIn)
        #expect(addressGuard.allows(IPAddress(v4: 0x0808_0808), port: 443, under: rules) == isOut)
    }

    @Test("our own listeners and the ports of services stay forbidden for tenants")
    func ports() throws {
        let own = IPAddress(v4: 0x0A01_0101)
        let addressGuard = try AddressGuard(machine: [own], ownPorts: OwnPorts([7_400]))
        let rules = try addressRules(tenant: ["10.0.0.0/8", "127.0.0.0/8", "10.1.1.1:7400", "127.0.0.1:7400"])
        #expect(!addressGuard.allows(own, port: 7_400, under: rules))
        #expect(!addressGuard.allows(IPAddress(v4: 0x7F00_0001), port: 7_400, under: rules))
        #expect(!addressGuard.allows(own, port: 22, under: rules))
        #expect(addressGuard.allows(own, port: 443, under: rules))
        // A port that is named is meant.
        #expect(addressGuard.allows(own, port: 5_432, under: try addressRules(tenant: ["10.1.1.1:5432"])))
    }

    @Test("an endpoint without lists has no rules")
    func none() throws {
        #expect(try addressRules() == nil)
        #expect(try AddressRules(Sample.endpoint()) == nil)
    }
}
