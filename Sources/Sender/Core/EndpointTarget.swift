package import WebhookModel
package import WebhookSigning

/// An endpoint made ready to be sent to: its URL read, its secrets keyed. Kept by a sender as long as the endpoint
/// object is the same.
///
/// One thread owns it.
package final class EndpointTarget {
    package let endpoint: Endpoint
    package let url: EndpointURL
    package let signer: Signer
    let headers: HeaderBlock
    /// The way to it, while that is fresh.
    var route: Route?
    var routeFreshUntil = Int64.min
    /// Where its connections are pooled, as long as the route is the same.
    var site: Site?
    var siteRoute: Route?
    /// The head of its requests, up to what is a message's own.
    var requestStart: [UInt8]?

    package init(_ endpoint: Endpoint, allowHTTP: Bool) throws(EndpointUnusable) {
        do {
            url = try EndpointURL(endpoint.settings.url)
            let settings = endpoint.settings
            let scheme = try SignatureScheme(written: settings.scheme)
            let secrets = try SecretSet(written: settings.secrets.map { ($0.text, $0.until) }, form: scheme.secretForm)
            guard secrets.canSign else { throw SigningSecretError.cannotSign }
            signer = Signer(secrets, scheme: scheme)
            headers = try HeaderBlock(settings.headers)
        } catch let error as EndpointUnusable {
            throw error
        } catch {
            throw EndpointUnusable(reason: "\(error)")
        }
        guard url.isSecure || allowHTTP else {
            throw EndpointUnusable(
                reason: "http is not allowed; use https, or allow http in the server's configuration")
        }
        self.endpoint = endpoint
    }
}

/// Why an endpoint cannot be sent to, in words for its owner.
package struct EndpointUnusable: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { reason }
}

/// A vetted address of a target, as transfers want it.
package final class Route {
    package let address: IPAddress
    package let port: UInt16
    /// What reports show.
    package let text: String
    /// `host:port:address:port`: what libcurl is to connect to in the host's stead.
    let connectTo: String

    /// `connectTo` and a NUL at most: two hosts of 253 bytes, two ports.
    static let connectToBytes = 544

    package init(host: String, port: UInt16, address: IPAddress) {
        self.address = address
        self.port = port
        text = address.description
        let host = IPAddress(host)?.inURL ?? host
        connectTo = "\(host):\(port):\(address.inURL):\(port)"
    }
}
