package import Settings
package import WebhookModel
package import WebhookSigning

/// An endpoint prepared for sending: URL parsed, secrets keyed, headers checked. A sender keeps it as long as the
/// endpoint object is the same.
///
/// One thread owns it.
package final class EndpointTarget {
    package let endpoint: Endpoint
    package let url: EndpointURL
    package let signer: Signer
    let headers: HeaderBlock
    /// The address rules of the endpoint and its tenant; nil: none.
    let rules: AddressRules?
    /// The proxy of its connections; nil: none.
    let proxy: EgressProxy?
    /// The scheme tells no id, so the message's id stands in a line beside it.
    let needsIDLine: Bool
    /// Whether HTTP/2 is offered (by ALPN, so over TLS only).
    let offersHTTP2: Bool
    /// The route to it, while the look-up behind it is fresh.
    var route: Route?
    var routeFreshUntil = Int64.min
    /// The site of its pooled connections, as long as the route is the same.
    var site: Site?
    var siteRoute: Route?
    /// The part of the request's head that is the same for all messages (HTTP/1.1).
    var requestStart: [UInt8]?
    /// The same for HTTP/2.
    var requestFields: RequestFields?

    /// - Parameter proxy: the server's.
    package init(_ endpoint: Endpoint, allowHTTP: Bool, proxy: EgressProxy? = nil) throws(EndpointUnusable) {
        do {
            url = try EndpointURL(endpoint.settings.url, isStored: true)
            let settings = endpoint.settings
            let scheme = try SignatureScheme(written: settings.scheme)
            let secrets = try SecretSet(written: settings.secrets.map { ($0.text, $0.until) }, form: scheme.secretForm)
            guard secrets.canSign else { throw SigningSecretError.cannotSign }
            signer = Signer(secrets, scheme: scheme)
            headers = try HeaderBlock(settings.headers, beside: scheme)
            needsIDLine = !scheme.carriesID
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
        offersHTTP2 = url.isSecure && endpoint.settings.connection?.http2 != false
        self.proxy =
            switch endpoint.settings.connection?.proxy {
            case nil: proxy
            case .direct: nil
            case .through(let own): own
            }
        self.endpoint = endpoint
    }
}

/// The reason, in words for its owner, why nothing can be sent to an endpoint.
package struct EndpointUnusable: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { reason }
}
