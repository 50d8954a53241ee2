import Testing
import WebhookModel

@Suite struct DeliveryStateTests {
    // The raw values are stored (DataLayout.md, table "deliveries").
    @Test func rawValuesAreThoseOfTheDataLayout() {
        let stored: [DeliveryState: UInt8] = [.scheduled: 1, .delivered: 3, .deadLettered: 4, .cancelled: 5]
        #expect(stored.count == DeliveryState.allCases.count)
        for (state, value) in stored { #expect(state.rawValue == value) }
        #expect(DeliveryState(rawValue: 2) == nil, "2 was never stored")
    }

    @Test func onlyAScheduledDeliveryIsNotFinal() {
        #expect(DeliveryState.allCases.filter { !$0.isFinal } == [.scheduled])
    }
}
