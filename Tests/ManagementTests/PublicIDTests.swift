import Management
import Testing
import WebhookModel

@Suite struct PublicIDTests {
    private let ids = PublicIDs(identityKey: [UInt8](repeating: 7, count: 32))
    private let delivery = DeliveryID(position: EventPosition(1_234_567_890_123), endpoint: EndpointNumber(42))

    @Test func `an id leads back to its row`() throws {
        #expect(ids.webhook(ids.webhook(EndpointNumber(42))) == EndpointNumber(42))
        #expect(ids.apiKey(ids.apiKey(UInt32.max)) == UInt32.max)
        #expect(ids.delivery(ids.delivery(delivery)) == delivery)
        let attempt = try #require(ids.attempt(ids.attempt(delivery, 3)))
        #expect(attempt.delivery == delivery && attempt.number == 3)
    }

    @Test func `an id is the same after a restart and different elsewhere`() {
        let again = PublicIDs(identityKey: [UInt8](repeating: 7, count: 32))
        let elsewhere = PublicIDs(identityKey: [UInt8](repeating: 8, count: 32))
        #expect(again.webhook(EndpointNumber(1)) == ids.webhook(EndpointNumber(1)))
        #expect(elsewhere.webhook(EndpointNumber(1)) != ids.webhook(EndpointNumber(1)))
        #expect(elsewhere.webhook(ids.webhook(EndpointNumber(1))) == nil)
    }

    // Neighbours that share a beginning would tell that they are neighbours.
    @Test func `neighbours have nothing in common`() {
        let first = ids.webhook(EndpointNumber(1)).dropFirst(3), second = ids.webhook(EndpointNumber(2)).dropFirst(3)
        #expect(zip(first, second).count { $0 == $1 } < 12)
        #expect(first.count == 32)
    }

    @Test(arguments: [
        "", "wh_", "wh_00000000000000000000000000000000", "wh_0", "key_00000000000000000000000000000000",
        "wh_zz000000000000000000000000000000", "1", "wh_000000000000000000000000000000000",
    ])
    func `what is no id of ours is unknown`(text: String) { #expect(ids.webhook(text) == nil) }

    @Test func `an id of another kind and another spelling are unknown`() {
        let id = ids.webhook(EndpointNumber(1))
        #expect(ids.webhook("key_" + id.dropFirst(3)) == nil && ids.apiKey("key_" + id.dropFirst(3)) == nil)
        #expect(ids.webhook("wh_" + id.dropFirst(3).uppercased()) == nil)
        #expect(ids.webhook(ids.delivery(delivery)) == nil)
    }
}
