import Glibc

/// getaddrinfo(3): hosts file, DNS, whatever the machine is set up for.
enum SystemResolver {
    /// GNU's codes for a name without addresses, or without any of the families that this machine has; Glibc's module hides them.
    private static let noData: CInt = -5
    private static let noFamily: CInt = -9

    /// The name's addresses in the order of RFC 6724, each once. Blocks for as long as the system likes.
    static func addresses(of host: String) -> NameAnswer {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        switch getaddrinfo(host, nil, &hints, &first) {
        case 0: break
        case EAI_NONAME, noData, noFamily: return .failed(.notFound)
        default: return .failed(.serverFailed)
        }
        defer { freeaddrinfo(first) }
        var found: [IPAddress] = []
        var next = first
        while let info = next?.pointee {
            if let raw = info.ai_addr, let address = IPAddress(raw), !found.contains(address) { found.append(address) }
            next = info.ai_next
        }
        return found.isEmpty ? .failed(.notFound) : .found(found)
    }
}
