/// Decides which addresses deliveries may go to: the wall between a tenant's URL and the inside of the operator's
/// network.
///
/// Asked three times for every attempt, always about numbers and never about names: when a name was resolved, when
/// libcurl opens a socket, and before a request goes out on any connection. Immutable.
public struct AddressGuard: Sendable {
    /// One entry of the allow list: a network, and the port if only that one is meant.
    public struct Allowance: Hashable, Sendable {
        public let network: NetworkRange
        public let port: UInt16?
    }

    private let allowances: [Allowance]
    private let machine: Set<IPAddress>
    private let ownPorts: Set<UInt16>

    /// - Parameters:
    ///   - allow: networks that may be reached although they are special: `127.0.0.0/8`, `10.1.2.3:8080`,
    ///     `[fd00::/8]:8443`. Metadata addresses stay refused. Without a port, the ordinary port rules hold.
    ///   - machine: this machine's own addresses (`MachineAddresses.all()`), refused unless allowed.
    ///   - ownPorts: ports of our own listeners, refused on loopback and on `machine` whatever is allowed.
    /// - Throws: the entry that cannot be read.
    public init(allow: [String] = [], machine: Set<IPAddress> = [], ownPorts: Set<UInt16> = [])
        throws(AddressGuardError)
    {
        var allowances: [Allowance] = []
        for text in allow { allowances.append(try Allowance(text)) }
        self.allowances = allowances
        self.machine = machine
        self.ownPorts = ownPorts
    }

    /// Whether a delivery may go to this address and port.
    public func allows(_ address: IPAddress, port: UInt16) -> Bool {
        guard !SpecialNetworks.metadata.contains(where: { $0.contains(address) }) else { return false }
        let own = machine.contains(address)
        if ownPorts.contains(port), own || AddressGuard.isLoopback(address) { return false }
        if allowances.contains(where: { $0.port == port && $0.network.contains(address) }) { return true }
        guard AddressGuard.isOrdinary(port) else { return false }
        if allowances.contains(where: { $0.port == nil && $0.network.contains(address) }) { return true }
        return !own && AddressGuard.isPublic(address)
    }

    private static func isOrdinary(_ port: UInt16) -> Bool {
        (port == 80 || port == 443 || port >= 1_024) && !SpecialNetworks.forbiddenPorts.contains(port)
    }

    private static func isPublic(_ address: IPAddress) -> Bool {
        switch address.family {
        case .v4: !SpecialNetworks.v4.contains { $0.contains(address) }
        case .v6:
            SpecialNetworks.v6Global.contains { $0.contains(address) }
                && !SpecialNetworks.v6.contains { $0.contains(address) }
        }
    }

    private static func isLoopback(_ address: IPAddress) -> Bool {
        switch address.family {
        case .v4: address.low >> 24 == 127 || address.low == 0
        case .v6: address.high == 0 && address.low <= 1
        }
    }
}

/// An entry of the allow list that cannot be read.
public struct AddressGuardError: Error, Equatable, CustomStringConvertible {
    public let entry: String

    public init(entry: String) { self.entry = entry }

    public var description: String {
        "\"\(entry)\" is no network; write 10.0.0.0/8, 10.1.2.3:8080 or [fd00::/8]:8443, with no bits set after the prefix"
    }
}

extension AddressGuard.Allowance {
    /// Reads `NETWORK` or `NETWORK:PORT`, with brackets round an IPv6 network that has a port.
    public init(_ text: String) throws(AddressGuardError) {
        if let network = NetworkRange(text) {
            self.init(network: network, port: nil)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw AddressGuardError(entry: text)
        }
        var network = text[..<colon]
        if network.hasPrefix("["), network.hasSuffix("]") {
            network = network.dropFirst().dropLast()
        } else if network.contains(":") {
            throw AddressGuardError(entry: text)
        }
        guard let network = NetworkRange(network) else { throw AddressGuardError(entry: text) }
        self.init(network: network, port: port)
    }
}
