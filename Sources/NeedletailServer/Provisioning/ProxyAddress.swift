import Settings
import WebhookModel

extension EgressProxy {
    /// Reads `http://host:port`; port 80 where none is written.
    ///
    /// - Throws: what is wrong, in words.
    init(written text: String) throws(ProxyMistake) {
        let url: EndpointURL
        do throws(EndpointURLError) { url = try EndpointURL(text) } catch {
            // The text may hold a password: only messages that do not repeat it are passed on.
            switch error {
            case .userInfo:
                throw ProxyMistake("holds a user name or password; give user and password_file beside the address")
            default: throw ProxyMistake("is no address of a proxy; write http://host:port")
            }
        }
        guard !url.isSecure else { throw ProxyMistake("TLS to the proxy is not spoken; write http://host:port") }
        let rest = text.dropFirst("http://".count).drop { $0 != "/" && $0 != "?" }
        guard rest.isEmpty || rest == "/" else { throw ProxyMistake("a proxy has no path; write http://host:port") }
        self.init(host: url.host, port: url.port)
    }

    /// What is wrong with a user's name or password, without it; nil: nothing (RFC 7617 section 2).
    static func mistake(inUser user: String) -> String? {
        if user.contains(":") { return "a user's name holds no colon" }
        return mistake(inPassword: user)
    }

    static func mistake(inPassword text: String) -> String? {
        guard text.utf8.count <= Limits.proxyCredentialBytes else {
            return "is longer than \(Limits.proxyCredentialBytes) bytes"
        }
        return text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } ? nil : "holds a control character"
    }
}

struct ProxyMistake: Error {
    let words: String
    init(_ words: String) { self.words = words }
}
