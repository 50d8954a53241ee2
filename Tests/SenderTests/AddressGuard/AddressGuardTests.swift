import Sender
import Settings
import Testing

@Suite("AddressGuard")
struct AddressGuardTests {
    @Test(
        "special addresses are refused",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1",
            "127.255.0.1",
            "169.254.1.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.31.196.1",
            "192.52.193.1", "192.88.99.1", "192.168.0.1", "192.175.48.1", "198.18.0.1", "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
            "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1",
            "100::1",
            "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "2001::1", "2001:1ff:ffff::1", "2001:db8::1",
            "2002:a00:1::1", "2620:4f:8000::1", "3fff::1", "4000::1",
        ])
    func special(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(try !AddressGuard().allows(address, port: 443))
    }

    @Test(
        "public addresses are allowed",
        arguments: [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
            "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
            "223.255.255.255", "::ffff:8.8.8.8", "2001:200::1", "2003::1", "2606:4700::1111", "3ffe::1",
        ])
    func open(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(try AddressGuard().allows(address, port: 443))
    }

    @Test(
        "ports of services are refused, others from 1,024 on are allowed",
        arguments: [
            (UInt16(80), true), (443, true), (1_024, true), (8_080, true), (65_535, true), (0, false), (22, false),
            (25, false),
            (81, false), (1_023, false), (2_375, false), (3_306, false), (6_379, false), (9_200, false),
            (27_017, false),
        ])
    func ports(port: UInt16, allowed: Bool) throws {
        let address = try #require(IPAddress("8.8.8.8"))
        #expect(try AddressGuard().allows(address, port: port) == allowed)
    }

    @Test("an allow entry allows its network and nothing else")
    func allowance() throws {
        let addressGuard = try AddressGuard(allow: ["127.0.0.0/8", "10.1.2.3:25", "[fd00::/8]:8443"])
        func allows(_ text: String, _ port: UInt16) throws -> Bool {
            addressGuard.allows(try #require(IPAddress(text)), port: port)
        }
        #expect(try allows("127.9.9.9", 8_080))
        #expect(try allows("::ffff:127.0.0.1", 8_080))
        #expect(try !allows("127.0.0.1", 22))
        #expect(try allows("10.1.2.3", 25))
        #expect(try !allows("10.1.2.3", 443))
        #expect(try !allows("10.1.2.4", 25))
        #expect(try allows("fd12::1", 8_443))
        #expect(try !allows("fd12::1", 443))
        #expect(try !allows("192.168.0.1", 443))
    }

    @Test("no allow entry allows a metadata address", arguments: ["169.254.169.254", "168.63.129.16", "fd00:ec2::254"])
    func metadata(text: String) throws {
        let addressGuard = try AddressGuard(allow: ["0.0.0.0/0", "::/0"])
        #expect(!addressGuard.allows(try #require(IPAddress(text)), port: 80))
    }

    @Test("this machine's addresses are refused, and our own ports even if they are allowed")
    func machine() throws {
        let own = try #require(IPAddress("8.8.4.4"))
        let local = try #require(IPAddress("127.0.0.1"))
        #expect(try !AddressGuard(machine: [own]).allows(own, port: 443))
        let addressGuard = try AddressGuard(
            allow: ["8.8.4.4", "127.0.0.0/8"], machine: [own], ownPorts: OwnPorts([7_400]))
        #expect(addressGuard.allows(own, port: 443))
        #expect(!addressGuard.allows(own, port: 7_400))
        #expect(!addressGuard.allows(local, port: 7_400))
        #expect(MachineAddresses.all().contains(local))
    }

    @Test("our own port is refused as soon as its listener is open")
    func ownPortsGrow() throws {
        let local = try #require(IPAddress("127.0.0.1"))
        let ownPorts = OwnPorts()
        let addressGuard = try AddressGuard(allow: ["127.0.0.0/8"], ownPorts: ownPorts)
        #expect(addressGuard.allows(local, port: 7_400))
        ownPorts.add(7_400)
        #expect(!addressGuard.allows(local, port: 7_400))
        #expect(!addressGuard.allowsProxy(local, port: 7_400))
        #expect(addressGuard.allows(local, port: 7_401))
    }

    @Test(
        "an invalid entry is named in the error",
        arguments: [
            "", "10.0.0.0/33", "10.0.0.1/8", "ten/8", "10.0.0.0/8:0", "10.0.0.0/8:x", "fd00::/8:443", "::1/129",
            "10.0.0.0/",
        ])
    func badEntry(text: String) {
        #expect(throws: NetworkEntryError(entry: text)) { try AddressGuard(allow: [text]) }
    }

    @Test("addresses are written as they are read", arguments: ["1.2.3.4", "2001:db8::1", "::1", "fe80::ffff:0:1"])
    func description(text: String) throws {
        #expect(try #require(IPAddress(text)).description == text)
    }
}
