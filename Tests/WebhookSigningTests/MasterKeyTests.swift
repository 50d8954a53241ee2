import Testing
import WebhookModel
import WebhookSigning

@Suite struct MasterKeyTests {
    private let key = MasterKey.generate()
    private let place = SecretSeal.Place(tenant: TenantNumber(1), endpoint: EndpointNumber(2), field: "secret|0")

    @Test func opensWhatItSealed() {
        let sealed = key.seal("whsec_text", for: place)
        #expect(key.open(sealed, for: place) == "whsec_text")
        #expect(sealed != key.seal("whsec_text", for: place), "each time under a nonce of its own")
        #expect(sealed.starts(with: key.id) && sealed.count == 8 + 12 + 10 + 16)
    }

    @Test func refusesChangedTextsAndOtherPlaces() {
        let sealed = key.seal("whsec_text", for: place)
        for index in sealed.indices.dropFirst(MasterKey.idBytes) {
            var changed = sealed
            changed[index] ^= 0x10
            #expect(key.open(changed, for: place) == nil)
        }
        for count in sealed.indices { #expect(key.open(Array(sealed[..<count]), for: place) == nil) }
        var other = place
        other.tenant = TenantNumber(3)
        #expect(key.open(sealed, for: other) == nil)
        other = place
        other.endpoint = EndpointNumber(3)
        #expect(key.open(sealed, for: other) == nil)
        other = place
        other.field = "secret|1"
        #expect(key.open(sealed, for: other) == nil)
    }

    @Test func aRingOpensTextsSealedByEarlierKeys() throws {
        let old = MasterKey.generate()
        let seal = KeyRing(current: key, previous: [old]).secretSeal
        #expect(try seal.open(seal.seal("text", place), place).get().isCurrent)
        let opened = try seal.open(old.seal("text", for: place), place).get()
        #expect(opened.text == "text" && !opened.isCurrent)
        #expect(throws: SealError.self) { try seal.open(MasterKey.generate().seal("text", for: place), place).get() }
        #expect(throws: SealError.damaged) { try seal.open(key.id, place).get() }
    }

    @Test(arguments: [
        "", "short", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ])
    func readsBase64Of32BytesOnly(text: String) {
        #expect(throws: MasterKeyError.notAKey) { try MasterKey(text) }
    }

    @Test func theKeyIsNeverShown() throws {
        let text = "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio="
        let key = try MasterKey(text)
        var shown = "\(key) \(String(reflecting: key))"
        dump(KeyRing(current: key), to: &shown)
        #expect(!shown.contains("Kio") && !shown.contains("42"))
        #expect(Mirror(reflecting: key).children.isEmpty)
    }
}
