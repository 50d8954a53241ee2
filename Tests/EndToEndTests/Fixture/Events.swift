import WebhookModel
import WireProtocol

/// Events with ids of their own.
enum Events {
    static func id(_ number: UInt64) -> EventID {
        EventID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | number)
    }

    static func event(
        _ number: UInt64, tenant: String = "acme", type: String = "order.placed", payload: String = #"{"total":42}"#
    ) -> OutgoingEvent {
        OutgoingEvent(id: id(number), tenant: tenant, type: type, payload: Array(payload.utf8))
    }

    static func batch(_ numbers: Range<UInt64>) -> [OutgoingEvent] { numbers.map { event($0) } }
}
