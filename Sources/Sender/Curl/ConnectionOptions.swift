import CCurl
import WebhookModel

/// How one libcurl handle makes connections, where an endpoint or the server chose more than the defaults: certificates, authorities,
/// pinned keys, HTTP version, proxy. Touches the handle only when it turns to such an endpoint, and away from it.
struct ConnectionOptions {
    private let easy: UnsafeMutableRawPointer
    private let authoritiesFile: String?
    // What the handle is set to at the moment.
    private var connection: EndpointConnection?
    private var hop: Route.Hop?
    private var proxy: EgressProxy?

    /// - Parameter authoritiesFile: the server's own; nil: what libcurl was built to trust.
    init(_ easy: UnsafeMutableRawPointer, authoritiesFile: String?) {
        self.easy = easy
        self.authoritiesFile = authoritiesFile
        if let authoritiesFile { setAuthorities(file: authoritiesFile) }
    }

    /// Sets what the target chose, and takes back what the one before it chose.
    mutating func turn(to target: EndpointTarget, through route: Route) {
        let wanted = target.endpoint.settings.connection
        if wanted != nil || connection != nil, wanted != connection {
            connection = wanted
            setTLS()
        }
        if route.proxy != nil || hop != nil, route.proxy != hop || target.proxy != proxy {
            hop = route.proxy
            proxy = target.proxy
            setProxy()
        }
    }

    private func setTLS() {
        setBlob(CURLOPT_SSLCERT_BLOB, connection?.identity?.certificates)
        setBlob(CURLOPT_SSLKEY_BLOB, connection?.identity?.key)
        // A session is looked up by the certificate, not by the key: who resumes one need not have it.
        set(CURLOPT_SSL_SESSIONID_CACHE, connection?.identity == nil ? 1 : 0)
        setBlob(CURLOPT_CAINFO_BLOB, connection?.authorities)
        if connection?.authorities != nil {
            // Else the system's folder of authorities would be trusted beside them.
            setText(CURLOPT_CAPATH, nil)
        } else if let authoritiesFile {
            setAuthorities(file: authoritiesFile)
        } else {
            setText(CURLOPT_CAPATH, CurlLibrary.authoritiesFolder)
        }
        let keys = connection?.pinnedKeys ?? []
        setText(CURLOPT_PINNEDPUBLICKEY, keys.isEmpty ? nil : keys.joined(separator: ";"))
        set(CURLOPT_HTTP_VERSION, Int(connection?.http2 == true ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1))
    }

    /// Trusts these authorities and no others.
    private func setAuthorities(file: String) {
        setText(CURLOPT_CAINFO, file)
        setText(CURLOPT_CAPATH, nil)
    }

    /// Always a tunnel, so that the proxy sees no message of http either.
    private func setProxy() {
        let hasUser = hop != nil && proxy?.user.isEmpty == false
        setText(CURLOPT_PROXYUSERNAME, hasUser ? proxy?.user : nil)
        setText(CURLOPT_PROXYPASSWORD, hasUser ? proxy?.password : nil)
        guard let hop else {
            // An empty proxy switches off the environment's.
            setText(CURLOPT_PROXY, "")
            setText(CURLOPT_NOPROXY, "*")
            return set(CURLOPT_HTTPPROXYTUNNEL, 0)
        }
        setText(CURLOPT_PROXY, "http://\(hop.address.inURL):\(hop.port)")
        // Whatever NO_PROXY says.
        setText(CURLOPT_NOPROXY, "")
        set(CURLOPT_HTTPPROXYTUNNEL, 1)
        // The proxy's answer is not the endpoint's, and our headers are not the proxy's.
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
    }

    private func set(_ option: CURLoption, _ value: Int) { check(ccurl_set_long(easy, option, value)) }

    /// libcurl copies texts and bytes; nil takes them back.
    private func setText(_ option: CURLoption, _ value: String?) { check(ccurl_set_text(easy, option, value)) }

    private func setBlob(_ option: CURLoption, _ text: String?) {
        guard var text else { return check(ccurl_set_blob(easy, option, nil, 0)) }
        text.withUTF8 { check(ccurl_set_blob(easy, option, $0.baseAddress, $0.count)) }
    }

    private func check(_ code: CURLcode) {
        precondition(code == CURLE_OK, "curl_easy_setopt: \(String(cString: curl_easy_strerror(code)))")
    }
}
