import Foundation
import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct SealedRowsTests {
    /// Stands in for the cipher: turns bits over, and writes the key's number and the place before them.
    private func seal(_ key: UInt8, opens: Set<UInt8>) -> SecretSeal {
        SecretSeal(
            seal: { text, place in [key] + place.bytes + [0] + text.utf8.map { ~$0 } },
            open: { sealed, place in
                guard let first = sealed.first, opens.contains(first) else {
                    return .failure(.unknownKey("\(sealed.first ?? 0)"))
                }
                guard sealed.dropFirst().starts(with: place.bytes + [0]) else { return .failure(.damaged) }
                let text = String(decoding: sealed.dropFirst(place.bytes.count + 2).map { ~$0 }, as: UTF8.self)
                return .success(SecretSeal.Opened(text: text, isCurrent: first == key))
            })
    }

    private var row: Stored<EndpointRow> {
        var settings = Endpoint.Settings(url: "https://a.example/", scheme: "stripe", secrets: [])
        settings.secrets = [
            EndpointSecret("newest-secret"), EndpointSecret("older-secret", until: 1_900_000_000),
            EndpointSecret("oldest"),
        ]
        settings.headers = [CustomHeader("Authorization", "Bearer token"), CustomHeader("X-Plain", "v")]
        settings.body = .envelope
        let row = EndpointRow(number: EndpointNumber(3), tenant: TenantNumber(2), name: "orders", settings: settings)
        return Stored(row, origin: .api)
    }

    /// Whether the data file holds the bytes anywhere.
    private func holds(_ fixture: StoreFixture, _ text: String) throws -> Bool {
        let file = try Data(contentsOf: URL(filePath: fixture.folder.path + "/data/data.mdb"))
        return file.range(of: Data(text.utf8)) != nil
    }

    @Test func withoutASealRowsReadAsTheyWereWritten() throws {
        let fixture = try StoreFixture()
        try fixture.write { try fixture.tables.put(row, in: $0) }
        try fixture.reopen()
        let state = try fixture.directory.recover()
        #expect(state.endpoints.map(\.value) == [row.value])
        #expect(state.endpointsToSeal.isEmpty)
    }

    @Test func withASealNoSecretAndNoHeaderValueIsStoredInClear() throws {
        let fixture = try StoreFixture()
        let seal = seal(1, opens: [1])
        try fixture.write { try fixture.tables.put(row, seal: seal, in: $0) }
        for text in ["newest-secret", "older-secret", "oldest", "Bearer token"] { #expect(try !holds(fixture, text)) }
        #expect(try holds(fixture, "Authorization"))
        let state = try fixture.directory.recover(seal: seal)
        #expect(state.endpoints.map(\.value) == [row.value])
        #expect(state.endpointsToSeal.isEmpty)
    }

    @Test func plainRowsAndRowsUnderAnOlderKeyAreReportedForSealing() throws {
        let fixture = try StoreFixture()
        try fixture.write { try fixture.tables.put(row, in: $0) }
        let first = seal(1, opens: [1])
        #expect(try fixture.directory.recover(seal: first).endpointsToSeal.count == 1)
        try fixture.directory.reseal(try fixture.directory.recover(seal: first).endpointsToSeal, seal: first)
        #expect(try fixture.directory.recover(seal: first).endpointsToSeal.isEmpty)

        let second = seal(2, opens: [1, 2])
        let state = try fixture.directory.recover(seal: second)
        #expect(state.endpointsToSeal.map(\.value) == [row.value])
        try fixture.directory.reseal(state.endpointsToSeal, seal: second)
        #expect(try fixture.directory.recover(seal: seal(2, opens: [2])).endpoints.map(\.value) == [row.value])
    }

    @Test func aMissingOrWrongKeyRefusesTheStart() throws {
        let fixture = try StoreFixture()
        try fixture.write { try fixture.tables.put(row, seal: seal(1, opens: [1]), in: $0) }
        for (other, words) in [(nil, "set the master key"), (seal(2, opens: [2]), "under the master key 1")] {
            let error = #expect(throws: StoreError.self) { try fixture.directory.recover(seal: other) }
            #expect(error?.description.contains(words) == true && error?.description.contains("endpoint 3") == true)
        }
    }

    @Test func aRowOfAnEarlierVersionStillReads() throws {
        let fixture = try StoreFixture()
        var plain = row
        plain.value.settings.secrets = [EndpointSecret("newest-secret"), EndpointSecret("oldest")]
        plain.value.settings.headers = []
        plain.value.settings.body = .raw
        try fixture.write { try fixture.tables.put(plain, in: $0) }
        // Tag 6, u32 length, text: what the first version wrote.
        #expect(try holds(fixture, "\u{6}\0\0\0\u{d}newest-secret\u{6}\0\0\0\u{6}oldest"))
        #expect(try fixture.directory.recover().endpoints.map(\.value) == [plain.value])
    }
}
