import Foundation
import Ingest
import NeedletailServer
import TestSupport
import Testing
import WebhookModel

@Suite struct KeyAuthenticatorTests {
    private static let folder = TemporaryDirectory()
    private static let ca = ThrowawayCA(directory: folder.path)

    /// The DER form of an issued certificate.
    private static func der(_ issued: ThrowawayCA.Issued) throws -> [UInt8] {
        let lines = try String(contentsOfFile: issued.certificateFile, encoding: .utf8).split(separator: "\n")
        return Array(try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())))
    }

    private func authenticator(_ settings: [(String, APIKey.Settings)]) -> KeyAuthenticator {
        let directory = TenantDirectory(
            tenants: [], keys: settings.map { APIKey(name: $0, tenants: .all, settings: $1) })
        return KeyAuthenticator { directory }
    }

    private func opened(_ authenticator: KeyAuthenticator, _ key: String, _ certificate: [UInt8]? = nil) -> String? {
        Array(key.utf8).withUnsafeBytes { authenticator.authenticate($0, certificate) }.map {
            $0.key.name + ($0.certificateName.map { " by \($0)" } ?? "")
        }
    }

    @Test func aCertificateSaysItsNames() throws {
        let issued = Self.ca.issue(
            commonName: "Shop", dnsNames: ["a.example", "B.example"], ipAddresses: ["10.0.0.1"], isClient: true)
        let certificate = try #require(ClientCertificate(try Self.der(issued)))
        #expect(certificate.names == ["a.example", "B.example", "Shop"])
        #expect(certificate.fingerprint == "sha256:" + issued.fingerprint)
        #expect(ClientCertificate([1, 2, 3]) == nil)
    }

    @Test func aKeyIsFoundByItsText() throws {
        let fresh = NewAPIKey()
        let plan = try ProvisioningPlan.load(
            text: "api_keys: [{ name: shop, key_sha256: \"\(fresh.digest)\", tenants: all }]", named: "p")
        let authenticator = authenticator([("other", .init(digest: [])), ("shop", plan.keys[0].settings)])
        #expect(opened(authenticator, fresh.text) == "shop")
        #expect(opened(authenticator, fresh.text + "x") == nil)
        // An empty key opens nothing, not even a key without a digest.
        #expect(opened(authenticator, "") == nil)
    }

    @Test func aKeyIsFoundByACertificate() throws {
        let issued = Self.ca.issue(commonName: "shop", dnsNames: ["shop.example"], isClient: true)
        let der = try Self.der(issued)
        func by(_ entries: String...) -> String? {
            opened(authenticator([("k", .init(digest: [], clientCertificates: entries))]), "", der)
        }
        #expect(by("other", "SHOP.example") == "k by SHOP.example")
        #expect(by("shop") == "k by shop")
        #expect(by("sha256:" + issued.fingerprint) == "k by sha256:" + issued.fingerprint)
        #expect(by("example", "*.example", "sha256:" + String(repeating: "0", count: 64)) == nil)
        // Of two keys that name it the first by name, whatever their order.
        let settings = APIKey.Settings(digest: [], clientCertificates: ["shop"])
        #expect(opened(authenticator([("b", settings), ("a", settings)]), "", der) == "a by shop")
        // A key that is shown counts alone: a wrong one is not made good by a certificate.
        #expect(opened(authenticator([("a", settings)]), "wrong", der) == nil)
    }
}
