import WebhookModel

/// The fields of an endpoint's row about its connection: tags 35 to 44 of DataLayout.md.
struct ConnectionCoding {
    private let seal: SecretSeal?
    private let tenant: TenantNumber
    private let endpoint: EndpointNumber

    private enum Tag {
        static let allowNetwork: UInt8 = 35
        static let denyNetwork: UInt8 = 36
        static let certificates: UInt8 = 37
        static let key: UInt8 = 38
        static let authorities: UInt8 = 39
        static let pinnedKey: UInt8 = 40
        static let proxyHost: UInt8 = 41
        static let proxyPort: UInt8 = 42
        static let proxyCredentials: UInt8 = 43
        static let http2: UInt8 = 44
    }

    init(_ seal: SecretSeal?, _ row: EndpointRow) {
        self.seal = seal
        tenant = row.tenant
        endpoint = row.number
    }

    func write(_ connection: EndpointConnection, _ writer: inout FieldWriter) {
        for network in connection.allowNetworks { writer.add(Tag.allowNetwork, network) }
        for network in connection.denyNetworks { writer.add(Tag.denyNetwork, network) }
        if let identity = connection.identity {
            writer.add(Tag.certificates, identity.certificates)
            writer.add(Tag.key, SealedText(seal).write(identity.key, place("client-key")))
        }
        if let authorities = connection.authorities { writer.add(Tag.authorities, authorities) }
        for key in connection.pinnedKeys { writer.add(Tag.pinnedKey, key) }
        switch connection.proxy {
        case nil: break
        case .direct: writer.add(Tag.proxyHost, "")
        case .through(let proxy):
            writer.add(Tag.proxyHost, proxy.host)
            writer.add(Tag.proxyPort, Int64(proxy.port))
            if !proxy.user.isEmpty {
                let text = "\(proxy.user):\(proxy.password)"
                writer.add(Tag.proxyCredentials, SealedText(seal).write(text, place("proxy")))
            }
        }
        if !connection.http2 { writer.add(Tag.http2, 0) }
    }

    /// The connection settings in the row; nil: none.
    func read(_ reader: FieldReader, _ text: inout SealedText) throws(SealError) -> EndpointConnection? {
        var connection = EndpointConnection()
        connection.allowNetworks = reader.texts(Tag.allowNetwork)
        connection.denyNetworks = reader.texts(Tag.denyNetwork)
        if let certificates = reader.text(Tag.certificates), let key = reader.all(Tag.key).first {
            connection.identity = ClientIdentity(
                certificates: certificates, key: try text.read(key[...], place("client-key")))
        }
        connection.authorities = reader.text(Tag.authorities)
        connection.pinnedKeys = reader.texts(Tag.pinnedKey)
        connection.proxy = try proxy(reader, &text)
        // Rows of versions that offered it only where it was asked for have 1, or nothing.
        connection.http2 = reader.number(Tag.http2) != 0
        return connection == EndpointConnection() ? nil : connection
    }

    private func proxy(_ reader: FieldReader, _ text: inout SealedText) throws(SealError) -> ProxyChoice? {
        guard let host = reader.text(Tag.proxyHost) else { return nil }
        guard !host.isEmpty else { return .direct }
        var proxy = EgressProxy(host: host, port: UInt16(clamping: reader.number(Tag.proxyPort) ?? 0))
        if let sealed = reader.all(Tag.proxyCredentials).first {
            let credentials = try text.read(sealed[...], place("proxy"))
            // A user name contains no colon (RFC 7617 section 2).
            let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            proxy.user = String(parts[0])
            proxy.password = parts.count > 1 ? String(parts[1]) : ""
        }
        return .through(proxy)
    }

    private func place(_ field: String) -> SecretSeal.Place {
        SecretSeal.Place(tenant: tenant, endpoint: endpoint, field: field)
    }
}
