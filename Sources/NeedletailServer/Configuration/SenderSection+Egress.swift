import Settings
import WebhookModel

// `sender.proxy` and `sender.ca_file`, and the files that they name.
extension ServerConfiguration.SenderSection {
    /// The proxy of all attempts; nil: none.
    ///
    /// - Throws: every mistake, never the password.
    func egressProxy() throws(InputMistakes) -> EgressProxy? {
        var mistakes = InputMistakes()
        let proxy = egressProxy(&mistakes)
        try mistakes.throwIfAny()
        return proxy
    }

    /// Notes what is wrong with the settings of the proxy and the file of authorities, before anything starts.
    func checkEgress(_ mistakes: inout InputMistakes) {
        _ = egressProxy(&mistakes)
        guard let authoritiesFile else { return }
        do throws(InputMistakes) {
            _ = try PEMText.certificates(try TextFile.read(authoritiesFile), in: authoritiesFile)
        } catch {
            for line in error.lines { mistakes.add("sender.ca_file: \(line)") }
        }
    }

    private func egressProxy(_ mistakes: inout InputMistakes) -> EgressProxy? {
        guard let text = proxy else {
            for (key, value) in [("proxy_user", proxyUser), ("proxy_password_file", proxyPasswordFile)]
            where value != nil {
                mistakes.add("sender.\(key) needs sender.proxy; give both, or neither")
            }
            return nil
        }
        var proxy: EgressProxy
        do throws(ProxyMistake) { proxy = try EgressProxy(written: text) } catch {
            mistakes.add("sender.proxy \(error.statement)")
            return nil
        }
        switch (proxyUser, proxyPasswordFile) {
        case (nil, nil): break
        case (let user?, let file?):
            proxy.user = user
            proxy.password = password(file, &mistakes)
            if let mistake = EgressProxy.mistake(inUser: user) { mistakes.add("sender.proxy_user \(mistake)") }
        case (nil, _):
            mistakes.add("sender.proxy_user is missing; sender.proxy_password_file needs it")
        case (_, nil):
            mistakes.add("sender.proxy_password_file is missing; sender.proxy_user needs it")
        }
        return proxy
    }

    private func password(_ file: String, _ mistakes: inout InputMistakes) -> String {
        do throws(InputMistakes) {
            var text = try TextFile.read(file)[...]
            while text.last?.isNewline == true { text.removeLast() }
            if let mistake = EgressProxy.mistake(inPassword: String(text)) {
                mistakes.add("sender.proxy_password_file: \(file) \(mistake)")
            }
            return String(text)
        } catch {
            for line in error.lines { mistakes.add("sender.proxy_password_file: \(line)") }
            return ""
        }
    }
}

extension PEMText {
    /// The same, with the name of the file in the mistake.
    fileprivate static func certificates(_ text: String, in file: String) throws(InputMistakes) -> String {
        do throws(Mistake) { return try certificates(text) } catch { throw InputMistakes(["\(file) \(error.words)"]) }
    }
}
