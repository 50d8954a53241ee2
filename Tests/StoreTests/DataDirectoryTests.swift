import Glibc
import LMDB
import Store
import TestSupport
import Testing
import WebhookModel

@Suite struct DataDirectoryTests {
    private let folder = TemporaryDirectory()

    private func open(_ name: String = "data") throws(StoreError) -> DataDirectory {
        try DataDirectory(path: folder.path + "/" + name, mapBytes: 8 << 20)
    }

    private func message(_ name: String = "data") -> String {
        do throws(StoreError) {
            _ = try open(name)
            return "opened"
        } catch {
            return error.description
        }
    }

    @Test func aSecondProcessIsToldWhichOneHasTheDirectory() throws {
        let first = try open()
        #expect(message().contains("in use by process \(getpid())"))
        withExtendedLifetime(first) {}
    }

    @Test func theIdentityKeyStaysAndEachDirectoryHasItsOwn() throws {
        let first = try open().identityKey
        #expect(first.count == Limits.identityKeyBytes)
        #expect(try open().identityKey == first)
        #expect(try open("other").identityKey != first)
    }

    @Test func afterClosingItOpensAgain() throws {
        do { _ = try open() }
        #expect(message() == "opened")
    }

    @Test func aDirectoryOfAnotherProgramIsNotChanged() throws {
        try #require(mkdir(folder.path + "/home", 0o700) == 0)
        let file = fopen(folder.path + "/home/thesis.txt", "w")
        fclose(file)
        #expect(message("home").contains("not a Needletail store") && message("home").contains("thesis.txt"))
    }

    @Test func anotherProgramsDataFileIsForeign() throws {
        try #require(mkdir(folder.path + "/other", 0o700) == 0)
        do {
            let environment = try Environment(path: folder.path + "/other", mapBytes: 1 << 20, databases: 1)
            let transaction = try environment.beginWrite()
            _ = try transaction.open("theirs")
            try transaction.commit()
        }
        #expect(message("other").contains("not a Needletail store"))
    }

    @Test func aFileThatIsNoDatabaseIsForeign() throws {
        try #require(mkdir(folder.path + "/garbage", 0o700) == 0)
        let file = fopen(folder.path + "/garbage/data.mdb", "w")
        fputs(String(repeating: "garbage!", count: 2_000), file)
        fclose(file)
        #expect(message("garbage").contains("not a Needletail store"))
    }

    @Test func aPathThatCannotBeCreatedIsReported() {
        // However deep the temporary directory is.
        let error = message(String(repeating: "../", count: 32) + "proc/nowhere/data")
        #expect(error.contains("/proc/nowhere") && error.contains("--data"))
    }

    /// Bytes of a row as other versions write it: u8 tag · u32 length · bytes.
    private func row(_ fields: [(UInt8, [UInt8])]) -> [UInt8] {
        fields.flatMap { tag, value in [tag, 0, 0, 0, UInt8(value.count)] + value }
    }

    @Test func anAPIKeyOfAnotherVersionAllowsNoMoreThanItShould() throws {
        let old: [(UInt8, [UInt8])] = [
            (1, Array("k".utf8)), (2, Array(repeating: 7, count: 32)), (3, [0, 0, 0, 0, 0, 0, 0, 1]),
        ]
        let later = old + [(5, Array("fly".utf8)), (77, [1])]
        do {
            let directory = try open()
            let transaction = try directory.environment.beginWrite()
            let keys = try transaction.open("keys")
            for (number, fields) in [(UInt32(1), old), (2, later)] {
                var key = Key()
                key.append(number)
                let bytes = row(fields)
                try bytes.withUnsafeBytes { try transaction.put(keys, key, $0) }
            }
            try transaction.commit()
        }
        let keys = try open().recover().keys
        // Before there were scopes a key published everything; a scope that is not known here opens nothing.
        #expect(
            keys[1]?.value
                == APIKey(name: "k", tenants: .all, settings: APIKey.Settings(digest: Array(repeating: 7, count: 32))))
        #expect(keys[1]?.value.settings.publishes == .all)
        #expect(keys[2]?.value.settings.publishes == nil)
    }

    @Test func configurationAndCountersAreRecovered() throws {
        var settings = Endpoint.Settings(
            url: "https://example.com/", subscription: Subscription([.prefix("task."), .exact("a")]),
            secrets: ["whsec_a", "whsec_b"], retry: RetryPolicy(delays: [1, 2], jitterPercent: 3), window: 4,
            timeout: 5_000, enabled: false)
        settings.rate = Rate(perSecond: 3, burst: 8)
        let endpoint = EndpointRow(
            number: EndpointNumber(3), tenant: TenantNumber(2), name: "orders", settings: settings)
        var tenant = Tenant(number: TenantNumber(2), name: "acme", enabled: false)
        tenant.settings.retry = RetryPolicy(delays: [], jitterPercent: 0)
        tenant.settings.rate = Rate(perSecond: 9, burst: 90)
        tenant.settings.weight = 6
        tenant.settings.retriesPerSecond = 50
        tenant.settings.backlog = 1_000
        var heir = endpoint
        heir.number = EndpointNumber(4)
        heir.settings.retry = nil
        heir.settings.rate = nil
        let rows = [endpoint, heir]
        let key = APIKey(
            name: "k", tenants: .only([TenantNumber(2)]),
            settings: APIKey.Settings(
                digest: Array(repeating: 7, count: 32), scopes: [.publish(.prefix("order.")), .read],
                rate: Rate(perSecond: 5, burst: 9), expiresAt: 1_800_000_000_000,
                clientCertificates: ["shop.example", "sha256:00"]))
        var counters = Counters()
        counters.nextPosition = 77
        counters.nextEndpoint = 4
        do {
            let directory = try open()
            let transaction = try directory.environment.beginWrite()
            try directory.tables.put(Stored(tenant, origin: .provisioned), in: transaction)
            for row in rows { try directory.tables.put(Stored(row, origin: .api), in: transaction) }
            try directory.tables.put(Stored(key, origin: .provisioned), number: 9, in: transaction)
            try directory.tables.putCounters(counters, in: transaction)
            try transaction.commit()
        }
        let state = try open().recover()
        #expect(state.tenants.map(\.value) == [tenant] && state.tenants.first?.origin == .provisioned)
        #expect(state.endpoints.map(\.value) == rows && state.endpoints.first?.origin == .api)
        #expect(state.keys[9]?.value == key)
        #expect(state.counters == counters)
    }
}
