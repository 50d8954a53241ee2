import CCurl
import WebhookModel

// How connections are made where an endpoint, or the server, chose more than libcurl's defaults. Set only when a handle turns to such
// an endpoint, and away from it.
extension CurlHandle {
    /// Sets what the endpoint chose, and takes back what the one before chose.
    func setConnection(_ connection: EndpointConnection?, authoritiesFile: String?) {
        setBlob(CURLOPT_SSLCERT_BLOB, connection?.identity?.certificates)
        setBlob(CURLOPT_SSLKEY_BLOB, connection?.identity?.key)
        if let authorities = connection?.authorities {
            setBlob(CURLOPT_CAINFO_BLOB, authorities)
            // Else the system's folder of authorities would be trusted beside them.
            clearText(CURLOPT_CAPATH)
        } else {
            setBlob(CURLOPT_CAINFO_BLOB, nil)
            if let authoritiesFile {
                setAuthorities(file: authoritiesFile)
            } else if let folder = CurlLibrary.authoritiesFolder {
                setText(CURLOPT_CAPATH, folder)
            }
        }
        if let keys = connection?.pinnedKeys, !keys.isEmpty {
            setText(CURLOPT_PINNEDPUBLICKEY, keys.joined(separator: ";"))
        } else {
            clearText(CURLOPT_PINNEDPUBLICKEY)
        }
        let version = connection?.http2 == true ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        set(CURLOPT_HTTP_VERSION, Int(version))
    }

    /// Trusts these authorities and no others.
    func setAuthorities(file: String) {
        setText(CURLOPT_CAINFO, file)
        clearText(CURLOPT_CAPATH)
    }

    /// Leads connections through a proxy, always by a tunnel, so that it sees no message of http either; nil: straight.
    func setProxy(_ hop: Route.Hop?, user: String, password: String) {
        guard let hop else {
            setText(CURLOPT_PROXY, "")
            setText(CURLOPT_NOPROXY, "*")
            set(CURLOPT_HTTPPROXYTUNNEL, 0)
            clearText(CURLOPT_PROXYUSERNAME)
            clearText(CURLOPT_PROXYPASSWORD)
            return
        }
        setText(CURLOPT_PROXY, "http://\(hop.address.inURL):\(hop.port)")
        // Whatever NO_PROXY says.
        setText(CURLOPT_NOPROXY, "")
        set(CURLOPT_HTTPPROXYTUNNEL, 1)
        // The proxy's answer is not the endpoint's, and our headers are not the proxy's.
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        if user.isEmpty {
            clearText(CURLOPT_PROXYUSERNAME)
            clearText(CURLOPT_PROXYPASSWORD)
        } else {
            setText(CURLOPT_PROXYUSERNAME, user)
            setText(CURLOPT_PROXYPASSWORD, password)
        }
    }

    private func clearText(_ option: CURLoption) { check(ccurl_set_text(easy, option, nil)) }

    /// libcurl copies the bytes.
    private func setBlob(_ option: CURLoption, _ text: String?) {
        guard var text else { return check(ccurl_set_blob(easy, option, nil, 0)) }
        text.withUTF8 { check(ccurl_set_blob(easy, option, $0.baseAddress, $0.count)) }
    }
}
