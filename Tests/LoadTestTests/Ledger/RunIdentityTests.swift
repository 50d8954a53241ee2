import LoadTest
import Testing
import WebhookModel

@Suite("Event ids of a run")
struct RunIdentityTests {
    private let identity = RunIdentity(startMilliseconds: 1_800_000_000_000, seed: 5)

    @Test("ids are UUIDs of version 7, ascend, and give their sequence number back")
    func form() {
        let ids = (0..<1_000).map { identity.id(of: $0) }
        #expect(ids == ids.sorted())
        for (sequence, id) in ids.enumerated() {
            #expect(id.high >> 12 & 0xF == 7)
            #expect(id.low >> 62 == 0b10)
            #expect(id.high >> 16 == 1_800_000_000_000)
            #expect(identity.sequence(of: id) == sequence)
        }
    }

    @Test("ids of another run are recognized")
    func others() {
        let other = RunIdentity(startMilliseconds: 1_800_000_000_001, seed: 5)
        let reseeded = RunIdentity(startMilliseconds: 1_800_000_000_000, seed: 6)
        #expect(identity.sequence(of: other.id(of: 1)) == nil)
        #expect(identity.sequence(of: reseeded.id(of: 1)) == nil)
    }
}
