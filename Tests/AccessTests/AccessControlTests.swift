import Access
import Foundation
import TestSupport
import Testing
import WebhookModel
import WebhookSigning

/// Which key a client's key or certificate opens.
@Suite struct AccessControlTests {
    private static let folder = TemporaryDirectory()
    private static let ca = ThrowawayCA(directory: folder.path)

    /// The DER form of an issued certificate.
    private static func der(_ issued: ThrowawayCA.Issued) throws -> [UInt8] {
        let lines = try String(contentsOfFile: issued.certificateFile, encoding: .utf8).split(separator: "\n")
        return Array(try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())))
    }

    private func access(_ settings: [(String, APIKey.Settings)]) -> AccessControl {
        let directory = TenantDirectory(
            tenants: [], keys: settings.map { APIKey(name: $0, tenants: .all, settings: $1) })
        return AccessControl { directory }
    }

    private func opened(_ access: AccessControl, _ key: String, _ certificate: [UInt8]? = nil) -> String? {
        access.authenticate(Array(key.utf8), certificate).map {
            $0.key.name + ($0.certificateName.map { " by \($0)" } ?? "")
        }
    }

    private func settings(key: String) -> APIKey.Settings { APIKey.Settings(digest: SHA256Digest.of(key.utf8)) }

    @Test func `the names of a certificate are read`() throws {
        let issued = Self.ca.issue(
            commonName: "Shop", dnsNames: ["a.example", "B.example"], ipAddresses: ["10.0.0.1"], isClient: true)
        let certificate = try #require(ClientCertificate(try Self.der(issued)))
        #expect(certificate.names == ["a.example", "B.example", "Shop"])
        #expect(certificate.fingerprint == "sha256:" + issued.fingerprint)
        #expect(ClientCertificate([1, 2, 3]) == nil)
    }

    @Test func `a key is found by its text`() {
        let access = access([("other", .init(digest: [])), ("shop", settings(key: "nt_shop"))])
        #expect(opened(access, "nt_shop") == "shop")
        #expect(opened(access, "nt_shopx") == nil)
        // An empty key opens nothing, not even a key without a digest.
        #expect(opened(access, "") == nil)
    }

    @Test func `a key is found by a certificate`() throws {
        let issued = Self.ca.issue(commonName: "shop", dnsNames: ["shop.example"], isClient: true)
        let der = try Self.der(issued)
        func by(_ entries: String...) -> String? {
            opened(access([("k", .init(digest: [], clientCertificates: entries))]), "", der)
        }
        #expect(by("other", "SHOP.example") == "k by SHOP.example")
        #expect(by("shop") == "k by shop")
        #expect(by("sha256:" + issued.fingerprint) == "k by sha256:" + issued.fingerprint)
        #expect(by("example", "*.example", "sha256:" + String(repeating: "0", count: 64)) == nil)
        // Of two keys that name it the first by name, whatever their order.
        let settings = APIKey.Settings(digest: [], clientCertificates: ["shop"])
        #expect(opened(access([("b", settings), ("a", settings)]), "", der) == "a by shop")
        #expect(opened(access([("a", settings), ("b", settings)]), "", der) == "a by shop")
        // A wrong key is refused, although the certificate alone would be accepted.
        #expect(opened(access([("a", settings)]), "wrong", der) == nil)
    }

    @Test func `changed keys apply to the next authentication`() {
        let current = Signalled(TenantDirectory(tenants: [], keys: []))
        let access = AccessControl { current.directory }
        #expect(opened(access, "nt_shop") == nil)
        let key = APIKey(name: "shop", tenants: .all, settings: settings(key: "nt_shop"))
        current.directory = TenantDirectory(tenants: [], keys: [key])
        #expect(opened(access, "nt_shop") == "shop")
        current.directory = TenantDirectory(tenants: [], keys: [])
        #expect(opened(access, "nt_shop") == nil)
    }

    /// Used by one thread.
    private final class Signalled: @unchecked Sendable {
        var directory: TenantDirectory
        init(_ directory: TenantDirectory) { self.directory = directory }
    }

    @Test func `the rates of removed keys are removed`() throws {
        func key(_ index: Int) -> APIKey {
            var settings = settings(key: "key-\(index)")
            settings.rate = Rate(perSecond: 10)
            return APIKey(name: "key-\(index)", tenants: .all, settings: settings)
        }
        let current = Signalled(.empty)
        let access = AccessControl { current.directory }
        for index in 0..<100 {
            current.directory = TenantDirectory(tenants: [], keys: [key(index)])
            let authentication = try #require(access.authenticate(Array("key-\(index)".utf8), nil))
            _ = EventGate(authentication, directory: current.directory, rates: access.rates, payloadLimit: 100)
            #expect(access.rates.count == 1)
        }
    }
}
