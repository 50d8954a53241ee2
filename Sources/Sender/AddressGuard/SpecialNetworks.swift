import Settings

/// The addresses that endpoints may not have, as data (IANA special-purpose address registries, RFC 6890 and its
/// successors).
enum SpecialNetworks {
    static let v4 = ranges([
        "0.0.0.0/8",  // this network
        "10.0.0.0/8",  // private
        "100.64.0.0/10",  // carrier-grade NAT
        "127.0.0.0/8",  // loopback
        "169.254.0.0/16",  // link-local, metadata
        "172.16.0.0/12",  // private
        "192.0.0.0/24",  // protocol assignments
        "192.0.2.0/24",  // documentation
        "192.31.196.0/24",  // AS112
        "192.52.193.0/24",  // AMT
        "192.88.99.0/24",  // 6to4 relay
        "192.168.0.0/16",  // private
        "192.175.48.0/24",  // AS112
        "198.18.0.0/15",  // benchmarking
        "198.51.100.0/24",  // documentation
        "203.0.113.0/24",  // documentation
        "224.0.0.0/4",  // multicast
        "240.0.0.0/4",  // reserved, broadcast
        "168.63.129.16/32",  // Azure's host
    ])

    /// Global unicast: every other IPv6 address is refused, for example ::, ::1, NAT64, unique local, link-local and
    /// multicast.
    static let v6Global = ranges(["2000::/3"])

    static let v6 = ranges([
        "2001::/23",  // protocol assignments, Teredo
        "2001:db8::/32",  // documentation
        "2002::/16",  // 6to4
        "2620:4f:8000::/48",  // AS112
        "3fff::/20",  // documentation
    ])

    /// Services of clouds that give out credentials: no allow list can allow these.
    static let metadata = ranges([
        "169.254.169.254/32", "169.254.170.2/32", "169.254.170.23/32", "168.63.129.16/32", "100.100.100.200/32",
        "192.0.0.192/32", "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128",
    ])

    /// Ports of services that a POST could harm. All other ports from 1,024 on, 80 and 443 are ordinary.
    static let forbiddenPorts: Set<UInt16> = [
        0, 22, 25, 53, 110, 135, 139, 143, 445, 465, 587, 993, 995, 2049, 2375, 3306, 4222, 5432, 6379, 6443, 9200,
        11211, 27017,
    ]

    private static func ranges(_ texts: [String]) -> [NetworkRange] {
        texts.map { text in
            guard let range = NetworkRange(text) else { preconditionFailure("\(text) is not a network") }
            return range
        }
    }
}
