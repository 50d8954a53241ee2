package import Glibc

/// An IPv4 or IPv6 address as numbers. An IPv4-mapped IPv6 address (`::ffff:a.b.c.d`) becomes the IPv4 address.
public struct IPAddress: Hashable, Sendable {
    public enum Family: Sendable { case v4, v6 }

    public let family: Family
    /// The 128 bits, most significant first; IPv4 uses the last 32.
    public let high: UInt64
    public let low: UInt64

    private init(_ family: Family, _ high: UInt64, _ low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    public init(v4 bits: UInt32) { self.init(.v4, 0, UInt64(bits)) }

    public init(v6 high: UInt64, _ low: UInt64) {
        if high == 0, low >> 32 == 0xFFFF {
            self.init(v4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(.v6, high, low)
        }
    }

    /// Reads the forms of inet_pton(3): four decimal parts, or RFC 4291 section 2.2. No brackets, no zone, no
    /// short IPv4.
    public init?(_ text: String) {
        guard let address = text.withCString({ IPAddress(cString: $0) }) else { return nil }
        self = address
    }

    /// The same from a NUL-terminated text.
    package init?(cString text: UnsafePointer<CChar>) {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
        self.init(v6)
    }

    package init(_ address: in6_addr) {
        let halves = withUnsafeBytes(of: address) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(v6: halves.0, halves.1)
    }

    /// Reads a socket address; nil for families other than IPv4 and IPv6.
    package init?(_ address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch CInt(address.pointee.sa_family) {
        case AF_INET: self.init(v4: UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
        case AF_INET6: self.init(raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr)
        default: return nil
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The form of inet_ntop(3).
    public var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            switch family {
            case .v4:
                var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
                inet_ntop(AF_INET, &address, text.baseAddress!, socklen_t(text.count))
            case .v6:
                var halves = (high.bigEndian, low.bigEndian)
                inet_ntop(AF_INET6, &halves, text.baseAddress!, socklen_t(text.count))
            }
            return String(cString: text.baseAddress!)
        }
    }

    /// As written in a URL: IPv6 in brackets.
    package var inURL: String { family == .v4 ? description : "[\(description)]" }
}
