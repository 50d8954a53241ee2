import Sender
import Settings
import Testing

/// Every range and port that deliveries may not go to, by its first, its last and a middle address.
@Suite("Forbidden ranges")
struct RangeTests {
    private static let v4 = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",
    ]
    private static let v6 = [
        "::/3", "4000::/2", "8000::/1",  // all that is not 2000::/3
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    ]
    /// Addresses next to a range, and in no other.
    private static let beside = [
        "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
        "192.31.195.255", "192.31.197.0", "192.52.192.255", "192.52.194.0", "192.88.98.255", "192.88.100.0",
        "192.167.255.255", "192.169.0.0", "192.175.47.255", "192.175.49.0", "198.17.255.255", "198.20.0.0",
        "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15",
        "168.63.129.17", "2000::", "2001:200::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "2003::",
        "2620:4f:7fff:ffff::1", "2620:4f:8001::", "3ffe:ffff:ffff:ffff::1", "3fff:1000::",
    ]

    private func ends(of range: NetworkRange) -> [IPAddress] {
        let bits = range.address.family == .v4 ? range.prefix + 96 : range.prefix
        let high: UInt64 = bits >= 64 ? 0 : .max >> UInt64(bits)
        let low: UInt64 = bits <= 64 ? .max : bits == 128 ? 0 : .max >> UInt64(bits - 64)
        return [(0, 0), (high / 2, low / 2), (high, low)].map { (high: UInt64, low: UInt64) in
            range.address.family == .v4
                ? IPAddress(v4: UInt32(truncatingIfNeeded: range.address.low | low))
                : IPAddress(v6: range.address.high | high, range.address.low | low)
        }
    }

    @Test("first, middle and last are refused", arguments: v4 + v6)
    func refused(text: String) throws {
        let addressGuard = try AddressGuard()
        for address in ends(of: try #require(NetworkRange(text))) {
            #expect(!addressGuard.allows(address, port: 443), "\(address)")
        }
    }

    @Test("IPv4 inside IPv6 is refused in every form", arguments: v4)
    func disguised(text: String) throws {
        let addressGuard = try AddressGuard()
        for address in ends(of: try #require(NetworkRange(text))) {
            let v4 = address.low
            let forms: [(name: String, high: UInt64, low: UInt64)] = [
                ("mapped", 0, 0xFFFF_0000_0000 | v4), ("compatible", 0, v4),
                ("NAT64", 0x0064_FF9B_0000_0000, v4), ("local NAT64", 0x0064_FF9B_0001_0000, v4),
                ("6to4", 0x2002_0000_0000_0000 | v4 << 16, 1), ("Teredo, server", 0x2001_0000_0000_0000 | v4, 0),
                ("Teredo, client", 0x2001_0000_0000_0000, v4 ^ 0xFFFF_FFFF),
                ("translated", 0, 0xFFFF_0000_0000_0000 | v4),
            ]
            for form in forms {
                #expect(!addressGuard.allows(IPAddress(v6: form.high, form.low), port: 443), "\(form.name) \(address)")
            }
        }
    }

    @Test("a public IPv4 address inside IPv6 is allowed only as a mapped address")
    func publicDisguised() throws {
        let addressGuard = try AddressGuard()
        #expect(addressGuard.allows(IPAddress(v6: 0, 0xFFFF_0808_0808), port: 443))
        for text in ["64:ff9b::808:808", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7", "::808:808"] {
            #expect(!addressGuard.allows(try #require(IPAddress(text)), port: 443))
        }
    }

    @Test("the neighbours are allowed", arguments: beside)
    func neighbours(text: String) throws {
        #expect(try AddressGuard().allows(try #require(IPAddress(text)), port: 443))
    }

    @Test("ports of services are refused, and all below 1,024 but two")
    func ports() throws {
        let addressGuard = try AddressGuard()
        let services: Set<UInt16> = [
            0, 22, 25, 53, 110, 135, 139, 143, 445, 465, 587, 993, 995, 2_049, 2_375, 3_306, 4_222, 5_432, 6_379, 6_443,
            9_200, 11_211, 27_017,
        ]
        let address = IPAddress(v4: 0x0808_0808)
        for port in UInt16.min...UInt16.max {
            let isFree = (port == 80 || port == 443 || port >= 1_024) && !services.contains(port)
            #expect(addressGuard.allows(address, port: port) == isFree, "\(port)")
        }
    }

    @Test(
        "no list allows a metadata service",
        arguments: [
            "169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200", "192.0.0.192",
            "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "::ffff:169.254.169.254",
        ])
    func metadata(text: String) throws {
        let address = try #require(IPAddress(text))
        let addressGuard = try AddressGuard(allow: ["0.0.0.0/0", "::/0", "169.254.169.254:80", text])
        let rules = try addressRules(tenant: ["0.0.0.0/0", "::/0", text], allow: ["0.0.0.0/0", "::/0"])
        for port in [80, 443, 8_080] as [UInt16] {
            #expect(!addressGuard.allows(address, port: port))
            #expect(!addressGuard.allows(address, port: port, under: rules))
            #expect(!addressGuard.allowsProxy(address, port: port))
        }
    }
}
