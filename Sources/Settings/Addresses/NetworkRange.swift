/// A network in CIDR form: an address and the number of its leading bits that count.
public struct NetworkRange: Hashable, Sendable {
    public let address: IPAddress
    /// 0…32 for IPv4, 0…128 for IPv6.
    public let prefix: Int
    /// The bits that count. Stored, because every check of an address compares dozens of ranges.
    @usableFromInline let high: UInt64
    @usableFromInline let low: UInt64

    /// Reads `10.0.0.0/8`, `fd00::/8` or a single address. Nil for anything else, and if bits after the prefix are set.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        let most = address.family == .v4 ? 32 : 128
        var prefix = most
        if parts.count == 2 {
            guard let length = Int(parts[1]), (0...most).contains(length), parts[1].allSatisfy(\.isNumber) else {
                return nil
            }
            prefix = length
        }
        self.init(address, prefix)
        guard address.high & ~high == 0, address.low & ~low == 0 else { return nil }
    }

    private init(_ address: IPAddress, _ prefix: Int) {
        self.address = address
        self.prefix = prefix
        // IPv4 lies in the last 32 of the 128 bits.
        let bits = address.family == .v4 ? prefix + 96 : prefix
        high = bits >= 64 ? .max : ~(.max >> UInt64(bits))
        low = bits <= 64 ? 0 : ~(.max >> UInt64(bits - 64))
    }

    @inlinable public func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && other.high & high == address.high && other.low & low == address.low
    }
}
