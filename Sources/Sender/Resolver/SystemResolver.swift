import Glibc
import Settings

/// getaddrinfo(3): the hosts file, DNS, or whatever the machine is configured for.
enum SystemResolver {
    /// EAI_NODATA and EAI_ADDRFAMILY: a name without addresses, or without any of the families that this machine has.
    /// Swift's Glibc module hides these GNU extensions.
    private static let noData: CInt = -5
    private static let noFamily: CInt = -9

    /// The name's addresses in the order of RFC 6724, each once. Blocks without a time limit.
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
