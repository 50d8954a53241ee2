import IngestClient
import WebhookModel
import WireProtocol

/// Events and settings of the tests.
enum Events {
    static func make(_ number: Int) -> OutgoingEvent {
        OutgoingEvent(
            id: EventID(high: 0x0190_0000_0000_7000, low: 1 << 63 | UInt64(number)), tenant: "acme",
            type: "task.completed",
            payload: Array(#"{"number":\#(number)}"#.utf8))
    }
}

extension ConnectionSettings {
    static func test(port: Int) -> ConnectionSettings { ConnectionSettings(port: port, apiKey: "key") }
}

/// Something else came than the test is about.
struct Unexpected: Error { var error: IngestError? }
