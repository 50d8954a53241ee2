import CLinux
import Glibc
import Settings
import WebhookModel

/// getaddrinfo(3): the hosts file, DNS, or whatever the machine is configured for.
enum SystemResolver {
    /// EAI_NODATA and EAI_ADDRFAMILY: a name without addresses, or without any of the families that this machine has.
    /// Swift's Glibc module hides these GNU extensions.
    private static let noData: CInt = -5
    private static let noFamily: CInt = -9

    /// The name's addresses in the order of RFC 6724, each once. The name is absolute: no search domain is tried. Blocks
    /// for some seconds for each name server at most.
    static func addresses(of host: String) -> NameAnswer {
        _ = clinux_ask_absolutely(CInt(Limits.lookupTrySeconds), CInt(Limits.lookupTries))
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_flags = AI_ADDRCONFIG
        var first: UnsafeMutablePointer<addrinfo>?
        switch getaddrinfo(host, nil, &hints, &first) {
        case 0: break
        // Without a descriptor the hosts file is not read, and names in it are not found.
        case EAI_NONAME, noData, noFamily: return .failed(shortage().map(NameFailure.lacking) ?? .notFound)
        default: return .failed(failure())
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

    /// Why a look-up failed: getaddrinfo says the same of a name whose servers fail, and of a machine whose resolver
    /// cannot be reached.
    private static func failure() -> NameFailure {
        if let shortage = shortage() { return .lacking(shortage) }
        return clinux_resolver_answers() == 1 ? .serverFailed : .lacking(.nameServers)
    }

    /// What the machine lacks just now: a descriptor is tried, because getaddrinfo does not say.
    private static func shortage() -> Shortage? {
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard descriptor < 0 else {
            close(descriptor)
            return nil
        }
        return Shortage(errno)
    }
}
