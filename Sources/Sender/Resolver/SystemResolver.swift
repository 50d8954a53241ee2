import Glibc

/// getaddrinfo(3): hosts file, DNS, whatever the machine is set up for.
enum SystemResolver {
    /// The name's addresses in the order of RFC 6724, each once; none on any failure. Blocks for as long as the system
    /// likes.
    static func addresses(of host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var found: [IPAddress] = []
        var next = first
        while let info = next?.pointee {
            if let raw = info.ai_addr, let address = IPAddress(raw), !found.contains(address) { found.append(address) }
            next = info.ai_next
        }
        return found
    }
}
