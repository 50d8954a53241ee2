public import Settings

/// Why no delivery can ever go to a URL, whatever its name resolves to.
public enum DestinationRefusal: Equatable, Sendable {
    /// A service of a cloud that gives out credentials.
    case metadata
    /// An address that is not public, and that no list allows.
    case address
    /// The same for a name that means this machine (RFC 6761 section 6.3).
    case thisMachine
    case port(UInt16)
    /// A deny list contains it, or the endpoint's own allow list does not.
    case denied

    /// What is wrong and what is expected, for the owner of a settings file.
    public var statement: String {
        let lists =
            "a network of sender.allow_networks (--allow-network) of the server, or of allow_networks of the tenant"
        switch self {
        case .metadata: return "is a cloud's metadata service; no list can allow it"
        case .address: return "has an address that is not public; expected a public one, or one in \(lists)"
        case .thisMachine: return "is this machine; expected a public address, or 127.0.0.0/8 or ::1 as \(lists)"
        case .port(let port):
            return "has port \(port), which deliveries must not use; expected 80, 443 or one from 1024 on, "
                + "or \(lists) that names the port, as 10.1.2.3:\(port)"
        case .denied: return "is refused by deny_networks or by the endpoint's own allow_networks"
        }
    }
}

extension AddressGuard {
    /// Why no delivery to this URL can ever be allowed; nil: it depends on what the name resolves to, or it is allowed.
    ///
    /// - Parameter rules: those of the endpoint and its tenant; nil: none.
    public func refusal(of url: EndpointURL, under rules: AddressRules?) -> DestinationRefusal? {
        if let address = url.address { return refusal(of: address, url.port, rules, unlisted: .address) }
        let host = url.host.hasSuffix(".") ? String(url.host.dropLast()) : url.host
        if AddressGuard.metadataNames.contains(host) { return .metadata }
        if host == "localhost" || host.hasSuffix(".localhost") {
            let refusals = [IPAddress(v4: 0x7F00_0001), IPAddress(v6: 0, 1)].map {
                refusal(of: $0, url.port, rules, unlisted: .thisMachine)
            }
            return refusals.contains(nil) ? nil : refusals[0]
        }
        if !AddressGuard.isOrdinary(url.port), !opensPort(url.port, rules) { return .port(url.port) }
        if let rules, !rules.permitsSome(url.port) { return .denied }
        return nil
    }

    private func refusal(
        of address: IPAddress, _ port: UInt16, _ rules: AddressRules?, unlisted: DestinationRefusal
    ) -> DestinationRefusal? {
        if allows(address, port: port, under: rules) { return nil }
        if SpecialNetworks.metadata.contains(where: { $0.contains(address) }) { return .metadata }
        if denies(address, port, rules) { return .denied }
        let isAllowedElsewhere = !AddressGuard.isOrdinary(port) && allows(address, port: 443, under: rules)
        return isAllowedElsewhere ? .port(port) : unlisted
    }

    /// Names of the services of `SpecialNetworks.metadata`.
    private static let metadataNames: Set<String> = [
        "metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal",
        "metadata.tencentyun.com",
    ]
}
