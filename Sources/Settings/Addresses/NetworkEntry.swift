/// One entry of a list of networks, as settings name them: `10.0.0.0/8`, `10.1.2.3:8080` or `[fd00::/8]:8443`.
public struct NetworkEntry: Hashable, Sendable {
    public let network: NetworkRange
    /// Nil: every port.
    public let port: UInt16?

    private init(network: NetworkRange, port: UInt16?) {
        self.network = network
        self.port = port
    }

    /// Reads `NETWORK` or `NETWORK:PORT`. An IPv6 network with a port is written in brackets.
    ///
    /// - Throws: for any other form, and where bits after the prefix are set.
    public init(_ text: String) throws(NetworkEntryError) {
        if let network = NetworkRange(text) {
            self.init(network: network, port: nil)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw NetworkEntryError(entry: text)
        }
        var network = text[..<colon]
        if network.hasPrefix("["), network.hasSuffix("]") {
            network = network.dropFirst().dropLast()
        } else if network.contains(":") {
            throw NetworkEntryError(entry: text)
        }
        guard let network = NetworkRange(network) else { throw NetworkEntryError(entry: text) }
        self.init(network: network, port: port)
    }

    /// Reads a whole list.
    ///
    /// - Throws: the first entry that cannot be read.
    public static func list(_ texts: [String]) throws(NetworkEntryError) -> [NetworkEntry] {
        var list: [NetworkEntry] = []
        for text in texts { list.append(try NetworkEntry(text)) }
        return list
    }

    /// Whether the entry contains this address and port.
    @inlinable public func covers(_ address: IPAddress, _ port: UInt16) -> Bool {
        (self.port == nil || self.port == port) && network.contains(address)
    }
}

/// An entry of a list of networks that cannot be read.
public struct NetworkEntryError: Error, Equatable, CustomStringConvertible {
    public let entry: String

    public init(entry: String) { self.entry = entry }

    /// Says what is expected, without the entry.
    public static let expected =
        "a network, as 10.0.0.0/8, 10.1.2.3:8080 or [fd00::/8]:8443, with no bits set after the prefix"

    public var description: String { "invalid value \"\(entry)\"; expected \(NetworkEntryError.expected)" }
}
