import Foundation
import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

/// How an endpoint is reached, written and read; what of it is secret.
@Suite struct ConnectionRowsTests {
    private static let full: EndpointConnection = {
        var connection = EndpointConnection()
        connection.allowNetworks = ["203.0.0.0/16", "8.8.8.8:443"]
        connection.denyNetworks = ["203.0.113.0/24"]
        connection.identity = ClientIdentity(certificates: "certificate-in-pem", key: "private-key-in-pem")
        connection.authorities = "authorities-in-pem"
        connection.pinnedKeys = ["sha256//one", "sha256//two"]
        var proxy = EgressProxy(host: "proxy.example", port: 3_128)
        proxy.user = "me"
        proxy.password = "pass:word"
        connection.proxy = .through(proxy)
        connection.http2 = false
        return connection
    }()

    private static let direct: EndpointConnection = {
        var connection = EndpointConnection()
        connection.proxy = .direct
        return connection
    }()

    private func row(_ connection: EndpointConnection?) -> Stored<EndpointRow> {
        var settings = Endpoint.Settings(url: "https://a.example/", secrets: [Sample.secret])
        settings.connection = connection
        return Stored(
            EndpointRow(number: EndpointNumber(3), tenant: TenantNumber(2), name: "orders", settings: settings),
            origin: .provisioned)
    }

    /// Turns bits over, and writes the place before them.
    private let seal = SecretSeal(
        seal: { text, place in place.bytes + [0] + text.utf8.map { ~$0 } },
        open: { sealed, place in
            guard sealed.starts(with: place.bytes + [0]) else { return .failure(.damaged) }
            let text = String(decoding: sealed.dropFirst(place.bytes.count + 1).map { ~$0 }, as: UTF8.self)
            return .success(SecretSeal.Opened(text: text, isCurrent: true))
        })

    @Test(arguments: [nil, full, direct]) func aRowReadsAsItWasWritten(connection: EndpointConnection?) throws {
        for seal in [nil, seal] {
            let fixture = try StoreFixture()
            try fixture.write { try fixture.tables.put(row(connection), seal: seal, in: $0) }
            let state = try fixture.directory.recover(seal: seal)
            #expect(state.endpoints.map(\.value) == [row(connection).value])
            #expect(state.endpointsToSeal.isEmpty)
        }
    }

    @Test func keysAndPasswordsAreSealed() throws {
        let fixture = try StoreFixture()
        try fixture.write { try fixture.tables.put(row(Self.full), seal: seal, in: $0) }
        let file = try Data(contentsOf: URL(filePath: fixture.folder.path + "/data/data.mdb"))
        for secret in ["private-key-in-pem", "pass:word"] { #expect(file.range(of: Data(secret.utf8)) == nil) }
        #expect(file.range(of: Data("certificate-in-pem".utf8)) != nil)
    }

    @Test func plainRowsAreReportedForSealing() throws {
        let fixture = try StoreFixture()
        try fixture.write { try fixture.tables.put(row(Self.full), in: $0) }
        #expect(try fixture.directory.recover(seal: seal).endpointsToSeal.count == 1)
    }

    @Test func aTenantsNetworksReadAsTheyWereWritten() throws {
        let fixture = try StoreFixture()
        var settings = Tenant.Settings()
        settings.allowNetworks = ["10.0.0.0/8", "[fd00::/8]:8443"]
        let tenant = Tenant(number: TenantNumber(1), name: "acme", settings: settings)
        try fixture.write { try fixture.tables.put(Stored(tenant, origin: .provisioned), in: $0) }
        #expect(try fixture.directory.recover().tenants.map(\.value) == [tenant])
    }

    @Test func noKeyOrPasswordIsPrinted() {
        for text in ["\(Self.full)", String(reflecting: Self.full)] {
            for secret in ["private-key", "pass:word", "me:", "certificate-in-pem"] { #expect(!text.contains(secret)) }
        }
        var printed = ""
        dump(Self.full, to: &printed)
        #expect(!printed.contains("private-key") && !printed.contains("word"))
    }
}
