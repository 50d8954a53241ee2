import Access
import Testing
import WebhookModel
import WebhookSigning

@Suite struct KeyDirectoryTests {
    private static func text(_ index: Int) -> [UInt8] { Array("key-\(index)".utf8) }

    private static func directory(_ count: Int) -> KeyDirectory {
        let keys = (0..<count).map {
            APIKey(
                name: "k\($0)", tenants: .all, settings: APIKey.Settings(digest: SHA256Digest.of(text($0))))
        }
        return KeyDirectory(TenantDirectory(tenants: [], keys: keys))
    }

    @Test(arguments: [1, 100, 20_000])
    func `the number of digests compared does not depend on the number of keys`(count: Int) {
        let directory = Self.directory(count)
        for index in [0, count / 2, count - 1] {
            #expect(directory.candidates(SHA256Digest.of(Self.text(index))).map(\.name) == ["k\(index)"])
            #expect(directory.key(of: Self.text(index))?.name == "k\(index)")
        }
        #expect(directory.candidates(SHA256Digest.of(Self.text(count))).isEmpty)
        #expect(directory.key(of: Self.text(count)) == nil)
    }

    @Test func `digests that share their first bytes are distinguished`() {
        let digest = SHA256Digest.of(Self.text(1))
        var similar = digest
        similar[31] ^= 1
        let keys = [("similar", similar), ("same", digest), ("short", Array(digest.prefix(8)))].map {
            APIKey(name: $0, tenants: .all, settings: APIKey.Settings(digest: $1))
        }
        for order in [keys, keys.reversed()] {
            let directory = KeyDirectory(TenantDirectory(tenants: [], keys: order))
            #expect(directory.candidates(digest).count == 3)
            #expect(directory.key(of: Self.text(1))?.name == "same")
        }
    }

    @Test func `a key without a digest is found by name only`() {
        let key = APIKey(name: "k", tenants: .all, settings: APIKey.Settings(digest: []))
        let directory = KeyDirectory(TenantDirectory(tenants: [], keys: [key]))
        #expect(directory.candidates([]).isEmpty)
        #expect(directory.key(of: []) == nil)
        #expect(directory.key(named: "k") == key)
        #expect(directory.key(named: "other") == nil)
    }
}
