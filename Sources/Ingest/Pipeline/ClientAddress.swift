package import NIOCore

/// Where a connection comes from: for the log, and for the limit per address.
package struct ClientAddress: Sendable {
    /// For the log.
    package let text: String
    package let network: ClientNetwork

    /// - Parameter address: nil, or a Unix socket's: a client on this machine.
    package init(_ address: SocketAddress?) {
        text = address?.ipAddress ?? "unix"
        network = ClientNetwork(address)
    }
}

/// What counts as one address in the limit of unauthenticated connections.
///
/// A host with IPv6 usually has a whole /64 (RFC 4291, 2.5.1), that is 2⁶⁴ addresses, so its network counts. An IPv4-mapped
/// address (RFC 4291, 2.5.5.2), as a listener on `::` sees an IPv4 client, counts as the IPv4 address.
package enum ClientNetwork: Hashable, Sendable {
    case v4(UInt32)
    case v6(prefix: UInt64)
    case local

    package init(_ address: SocketAddress?) {
        // The addresses lie at bytes 4 of a sockaddr_in (ip(7)) and 8 of a sockaddr_in6 (ipv6(7)), in network order. Their members
        // are visible with an import of NIO's C module only.
        switch address {
        case .v4(let address):
            self = withUnsafeBytes(of: address.address) { bytes in
                .v4(UInt32(bigEndian: bytes.load(fromByteOffset: 4, as: UInt32.self)))
            }
        case .v6(let address):
            self = withUnsafeBytes(of: address.address) { bytes in
                let high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
                let isMapped = high == 0 && low >> 32 == 0xFFFF
                return isMapped ? .v4(UInt32(truncatingIfNeeded: low)) : .v6(prefix: high)
            }
        case .unixDomainSocket, nil:
            self = .local
        }
    }
}
