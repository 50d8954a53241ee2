import Glibc

/// IP addresses as in certificates: 4 or 16 bytes in network order.
enum IPAddressBytes {
    /// nil: the text is not an address (inet_pton(3)).
    static func of(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
