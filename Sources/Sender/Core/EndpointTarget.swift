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
    /// What it and its tenant say about addresses; nil: nothing.
    let rules: AddressRules?
    /// What its connections go through.
    let proxy: EgressProxy?
    /// Whether it is sent to by whole transfers of libcurl's.
    let isHTTP2: Bool
    /// The way to it, while that is fresh.
    var route: Route?
    var routeFreshUntil = Int64.min
    /// Where its connections are pooled, as long as the route is the same.
    var site: Site?
    var siteRoute: Route?
    /// The head of its requests, up to what is a message's own.
    var requestStart: [UInt8]?

    /// - Parameter proxy: the server's.
    package init(_ endpoint: Endpoint, allowHTTP: Bool, proxy: EgressProxy? = nil) throws(EndpointUnusable) {
        do {
            url = try EndpointURL(endpoint.settings.url)
            let settings = endpoint.settings
            let scheme = try SignatureScheme(written: settings.scheme)
            let secrets = try SecretSet(written: settings.secrets.map { ($0.text, $0.until) }, form: scheme.secretForm)
            guard secrets.canSign else { throw SigningSecretError.cannotSign }
            signer = Signer(secrets, scheme: scheme)
            headers = try HeaderBlock(settings.headers)
            rules = try AddressRules(endpoint)
        } catch let error as EndpointUnusable {
            throw error
        } catch {
            throw EndpointUnusable(reason: "\(error)")
        }
        guard url.isSecure || allowHTTP else {
            throw EndpointUnusable(
                reason: "http is not allowed; use https, or allow http in the server's configuration")
        }
        isHTTP2 = endpoint.settings.connection?.http2 == true
        self.proxy =
            switch endpoint.settings.connection?.proxy {
            case nil: proxy
            case .direct: nil
            case .through(let own): own
            }
        self.endpoint = endpoint
    }
}

/// Why an endpoint cannot be sent to, in words for its owner.
package struct EndpointUnusable: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { reason }
}
