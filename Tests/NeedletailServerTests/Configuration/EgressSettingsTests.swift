import Foundation
import NeedletailServer
import TestSupport
import Testing

/// `sender.ca_file`, `sender.proxy` and the lists of networks.
@Suite struct EgressSettingsTests {
    private let folder = TemporaryDirectory()

    private func mistakes(_ sender: String) -> [String] {
        do {
            _ = try ServerConfiguration.load(text: "sender: { \(sender) }", named: "n.yaml", environment: [:])
            return []
        } catch {
            return error.lines
        }
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = folder.path + "/" + name
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func `a proxy with its user, authorities and both lists are read`() throws {
        let password = try file("password", "word\n")
        let ca = ThrowawayCA(directory: folder.path).certificateFile
        #expect(
            mistakes(
                "proxy: \"http://proxy.internal:3128\", proxy_user: me, proxy_password_file: \(password), ca_file: \(ca), "
                    + "allow_networks: [10.0.0.0/8], deny_networks: [10.1.0.0/16, \"10.2.0.1:443\"]") == [])
    }

    @Test(arguments: [
        ("proxy: \"https://p.internal\"", "sender.proxy uses TLS, which is not supported; expected http://host:port"),
        ("proxy: \"http://me:hunter2@p.internal\"", "sender.proxy contains a user name or password"),
        ("proxy: \"p.internal:3128\"", "sender.proxy is not the address of a proxy; expected http://host:port"),
        ("proxy_user: me", "sender.proxy_user needs sender.proxy; give both, or neither"),
        (
            "proxy: \"http://p.internal\", proxy_user: me",
            "sender.proxy_password_file is missing; sender.proxy_user needs it"
        ),
        (
            "proxy: \"http://p.internal\", proxy_user: me, proxy_password_file: /nowhere/p",
            "sender.proxy_password_file: /nowhere/p: cannot be read: No such file or directory"
        ),
        ("ca_file: /nowhere/ca", "sender.ca_file: /nowhere/ca: cannot be read: No such file or directory"),
        ("ca_file: /dev/null", "sender.ca_file: /dev/null contains no certificate"),
        ("deny_networks: [ten]", "invalid value \"ten\" for sender.deny_networks; expected networks as 10.0.0.0/8"),
    ])
    func `a mistake is reported by its key, without the password`(sender: String, expected: String) {
        let lines = mistakes(sender)
        #expect(lines.count == 1 && lines[0].contains(expected), "\(lines)")
        #expect(lines.first?.contains("hunter2") != true)
    }
}
