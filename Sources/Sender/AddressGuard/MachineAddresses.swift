import Glibc
public import Settings

/// The addresses of this machine's interfaces.
public enum MachineAddresses {
    /// Every address that getifaddrs(3) returns now; empty if it fails.
    public static func all() -> Set<IPAddress> {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: Set<IPAddress> = []
        var next = first
        while let interface = next?.pointee {
            if let raw = interface.ifa_addr, let address = IPAddress(raw) { found.insert(address) }
            next = interface.ifa_next
        }
        return found
    }
}
