import Testing
import WebhookModel

@Suite struct EventIDTests {
    private let id = EventID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

    @Test func anIDIsWrittenAsTheWebhookID() {
        #expect(id.webhookID == "evt_0123456789abcdeffedcba9876543210")
    }

    @Test func aWrittenIDIsReadBack() {
        #expect(EventID(webhookID: Array(id.webhookID.utf8)) == id)
        #expect(EventID(webhookID: Array("evt_0123456789ABCDEFFEDCBA9876543210".utf8)) == id)
    }

    @Test(arguments: [
        "", "evt_", "msg_0123456789abcdeffedcba9876543210", "evt_0123456789abcdeffedcba987654321",
        "evt_0123456789abcdeffedcba987654321g",
    ])
    func refusesAnythingElse(text: String) {
        #expect(EventID(webhookID: Array(text.utf8)) == nil)
    }
}
