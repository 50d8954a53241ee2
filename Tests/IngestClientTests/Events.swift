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

extension PublisherSettings {
    static func brisk(port: Int) -> PublisherSettings {
        var settings = PublisherSettings(.test(port: port))
        settings.backoffLeastMilliseconds = 1
        settings.backoffMostMilliseconds = 20
        return settings
    }

    /// Sends each event once: the first answer is the receipt.
    static func once(port: Int) -> PublisherSettings {
        var settings = brisk(port: port)
        settings.sendsAgain = false
        return settings
    }
}

/// Something else came than the test is about.
struct Unexpected: Error { var error: (any Error)? }
