import CCurl
import Settings
import WebhookModel

/// How one libcurl handle opens connections where an endpoint or the server chose more than the defaults: certificates,
/// authorities, pinned keys, proxy.
///
/// Changes the handle only when it turns to such an endpoint, and away from it.
struct ConnectionOptions {
    private let authoritiesFile: String?
    // The current choices of the handle.
    private var connection: EndpointConnection?
    private var hop: Route.Hop?
    private var proxy: EgressProxy?

    /// - Parameter authoritiesFile: the server's own; nil: those that libcurl was built to trust.
    init(authoritiesFile: String?) { self.authoritiesFile = authoritiesFile }

    /// Sets the server's choices on a new handle.
    func prepare(_ easy: CurlEasy) {
        if let authoritiesFile {
            setAuthorities(file: authoritiesFile, easy)
        } else {
            easy.set(CURLOPT_CAPATH, CurlLibrary.authoritiesFolder)
        }
    }

    /// Sets what the target chose, and resets what the target before it chose.
    mutating func turn(_ easy: CurlEasy, to target: EndpointTarget, through route: Route) {
        let wanted = target.endpoint.settings.connection
        if wanted != nil || connection != nil, wanted != connection {
            connection = wanted
            setTLS(easy)
        }
        if route.proxy != nil || hop != nil, route.proxy != hop || target.proxy != proxy {
            hop = route.proxy
            proxy = target.proxy
            setProxy(easy)
        }
    }

    private func setTLS(_ easy: CurlEasy) {
        easy.setBlob(CURLOPT_SSLCERT_BLOB, connection?.identity?.certificates)
        easy.setBlob(CURLOPT_SSLKEY_BLOB, connection?.identity?.key)
        easy.setBlob(CURLOPT_CAINFO_BLOB, connection?.authorities)
        if connection?.authorities != nil {
            // Otherwise the system's folder of authorities would be trusted as well.
            easy.set(CURLOPT_CAPATH, nil)
        } else if let authoritiesFile {
            setAuthorities(file: authoritiesFile, easy)
        } else {
            easy.set(CURLOPT_CAPATH, CurlLibrary.authoritiesFolder)
        }
        let keys = connection?.pinnedKeys ?? []
        easy.set(CURLOPT_PINNEDPUBLICKEY, keys.isEmpty ? nil : keys.joined(separator: ";"))
    }

    /// Trusts these authorities and no others.
    private func setAuthorities(file: String, _ easy: CurlEasy) {
        easy.set(CURLOPT_CAINFO, file)
        easy.set(CURLOPT_CAPATH, nil)
    }

    /// Always a tunnel, so that the proxy sees no message over http either.
    private func setProxy(_ easy: CurlEasy) {
        let hasUser = hop != nil && proxy?.user.isEmpty == false
        easy.set(CURLOPT_PROXYUSERNAME, hasUser ? proxy?.user : nil)
        easy.set(CURLOPT_PROXYPASSWORD, hasUser ? proxy?.password : nil)
        guard let hop else {
            // An empty proxy switches off the environment's.
            easy.set(CURLOPT_PROXY, "")
            easy.set(CURLOPT_NOPROXY, "*")
            return easy.set(CURLOPT_HTTPPROXYTUNNEL, 0)
        }
        easy.set(CURLOPT_PROXY, "http://\(hop.address.inURL):\(hop.port)")
        // Whatever NO_PROXY says.
        easy.set(CURLOPT_NOPROXY, "")
        easy.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        // The proxy's answer is not the endpoint's, and our headers are not for the proxy.
        easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        easy.set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
    }
}
