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
        ("proxy: \"https://p.internal\"", "sender.proxy: TLS to the proxy is not spoken; write http://host:port"),
        ("proxy: \"http://me:hunter2@p.internal\"", "sender.proxy: holds a user name or password"),
        ("proxy: \"p.internal:3128\"", "sender.proxy: is no address of a proxy; write http://host:port"),
        ("proxy_user: me", "sender.proxy_user: is of no use without sender.proxy; give both, or neither"),
        (
            "proxy: \"http://p.internal\", proxy_user: me",
            "sender.proxy_password_file: is missing beside sender.proxy_user; give both, or neither"
        ),
        (
            "proxy: \"http://p.internal\", proxy_user: me, proxy_password_file: /nowhere/p",
            "sender.proxy_password_file: /nowhere/p: cannot be read: No such file or directory"
        ),
        ("ca_file: /nowhere/ca", "sender.ca_file: /nowhere/ca: cannot be read: No such file or directory"),
        ("ca_file: /dev/null", "sender.ca_file: /dev/null holds no certificate"),
        ("deny_networks: [ten]", "sender.deny_networks: \"ten\" is no good; give networks as 10.0.0.0/8"),
    ])
    func `a mistake is told by its key, and no password`(sender: String, expected: String) {
        let lines = mistakes(sender)
        #expect(lines.count == 1 && lines[0].contains(expected), "\(lines)")
        #expect(lines.first?.contains("hunter2") != true)
    }
}
