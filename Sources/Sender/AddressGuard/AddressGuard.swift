public import Settings

/// Decides which addresses deliveries may go to: it protects the operator's network from tenants' URLs (SSRF).
///
/// Asked three times for every attempt, always with addresses and never with names: when a name was resolved, when
/// libcurl opens a socket, and before a request is sent on any connection. Immutable.
public struct AddressGuard: Sendable {
    private let allowances: [NetworkEntry]
    private let denials: [NetworkEntry]
    private let machine: Set<IPAddress>
    private let ownPorts: OwnPorts

    /// - Parameters:
    ///   - allow: networks that may be reached although they are special: `127.0.0.0/8`, `10.1.2.3:8080`,
    ///     `[fd00::/8]:8443`. Metadata addresses stay refused. Without a port, the ordinary port rules hold.
    ///   - deny: networks that are refused even if they are allowed, in the same form.
    ///   - machine: this machine's own addresses (`MachineAddresses.all()`), refused unless allowed.
    ///   - ownPorts: the ports of our own listeners, refused on loopback and on `machine` even if they are allowed.
    /// - Throws: the first invalid entry.
    public init(
        allow: [String] = [], deny: [String] = [], machine: Set<IPAddress> = [], ownPorts: OwnPorts = OwnPorts()
    ) throws(NetworkEntryError) {
        allowances = try NetworkEntry.list(allow)
        denials = try NetworkEntry.list(deny)
        self.machine = machine
        self.ownPorts = ownPorts
    }

    /// Whether a delivery may go to this address and port.
    ///
    /// Checked in this order: addresses that no list can allow (metadata, our own listeners); the deny lists of the server
    /// and the endpoint; the endpoint's own allow list; then the allow lists of the server and the tenant, and public
    /// addresses.
    ///
    /// - Parameter rules: those of the endpoint and its tenant; nil: none.
    public func allows(_ address: IPAddress, port: UInt16, under rules: AddressRules? = nil) -> Bool {
        guard !isUntouchable(address, port), !denials.contains(where: { $0.covers(address, port) }) else {
            return false
        }
        if let rules, !rules.permits(address, port) { return false }
        if isOpened(address, port, allowances) { return true }
        if let rules, isOpened(address, port, rules.opened) { return true }
        return AddressGuard.isOrdinary(port) && !machine.contains(address) && AddressGuard.isPublic(address)
    }

    /// Whether an egress proxy may have this address and port. The operator chose it, so it may be in a private network, but
    /// it cannot be a metadata service or a listener of ours.
    public func allowsProxy(_ address: IPAddress, port: UInt16) -> Bool { !isUntouchable(address, port) }

    /// Whether a deny list, or the endpoint's own allow list, refuses it.
    func denies(_ address: IPAddress, _ port: UInt16, _ rules: AddressRules?) -> Bool {
        denials.contains { $0.covers(address, port) } || rules?.permits(address, port) == false
    }

    /// Whether some network is allowed with this port, so that a port that is not ordinary may be used there.
    func opensPort(_ port: UInt16, _ rules: AddressRules?) -> Bool {
        (allowances + (rules?.opened ?? [])).contains { $0.port == port }
    }

    private func isUntouchable(_ address: IPAddress, _ port: UInt16) -> Bool {
        if SpecialNetworks.metadata.contains(where: { $0.contains(address) }) { return true }
        guard AddressGuard.isLoopback(address) || machine.contains(address) else { return false }
        return ownPorts.contains(port)
    }

    private func isOpened(_ address: IPAddress, _ port: UInt16, _ allowances: [NetworkEntry]) -> Bool {
        allowances.contains { allowance in
            allowance.covers(address, port) && (allowance.port != nil || AddressGuard.isOrdinary(port))
        }
    }

    static func isOrdinary(_ port: UInt16) -> Bool {
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
