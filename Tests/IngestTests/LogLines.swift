import Logging
import NIOConcurrencyHelpers

/// Keeps log lines, so that a test can read them.
struct LogLines: LogHandler {
    private let box = NIOLockedValueBox<[String]>([])
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    var lines: [String] { box.withLockedValue { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { box.withLockedValue { $0.append("\(event.message)") } }
}
