package import WebhookModel

extension EgressProxy {
    /// Reads `http://host:port`. The port is 80 where none is given.
    ///
    /// - Throws: what is wrong, without the text, which may contain a password.
    package init(written text: String) throws(ProxyMistake) {
        let url: EndpointURL
        do throws(EndpointURLError) { url = try EndpointURL(text) } catch {
            switch error {
            case .userInfo:
                throw ProxyMistake("contains a user name or password; expected them in user and password_file")
            default: throw ProxyMistake("is not the address of a proxy; expected http://host:port")
            }
        }
        guard !url.isSecure else { throw ProxyMistake("uses TLS, which is not supported; expected http://host:port") }
        let rest = text.dropFirst("http://".count).drop { $0 != "/" && $0 != "?" }
        guard rest.isEmpty || rest == "/" else { throw ProxyMistake("contains a path; expected http://host:port") }
        self.init(host: url.host, port: url.port)
    }

    /// What is wrong with a user name (RFC 7617, section 2), without the name; nil: nothing.
    package static func mistake(inUser user: String) -> String? {
        user.contains(":") ? "contains a colon" : mistake(inPassword: user)
    }

    /// What is wrong with a password, without the password; nil: nothing.
    package static func mistake(inPassword text: String) -> String? {
        guard text.utf8.count <= Limits.proxyCredentialBytes else {
            return "is longer than \(Limits.proxyCredentialBytes) bytes"
        }
        return text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? nil : "contains a control character"
    }
}

/// Why a text is not the address of a proxy: a statement that follows the name of the setting.
package struct ProxyMistake: Error {
    package let statement: String
    init(_ statement: String) { self.statement = statement }
}
