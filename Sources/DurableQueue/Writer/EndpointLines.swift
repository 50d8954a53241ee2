import Logging
import WebhookModel

/// What is said in a minute about endpoints that begin to fail or work again, and about dead letters: an outage of our own
/// network concerns thousands at once, and must not flood the log.
struct EndpointLines {
    /// Monotonic nanoseconds.
    private var minuteBegan: Int64 = 0
    private var written = 0
    private var suppressed = 0
    private var deadLettered = 0

    private static let minute = Limits.endpointLinesMilliseconds * 1_000_000

    /// Whether another line may be written in this minute.
    mutating func mayWrite() -> Bool {
        guard written < Limits.endpointLines else {
            suppressed += 1
            return false
        }
        written += 1
        return true
    }

    /// Once a minute: what was not said, and how many deliveries became dead letters.
    ///
    /// - Parameters:
    ///   - now: monotonic nanoseconds.
    ///   - deadLettered: since the start of the process.
    mutating func tick(now: Int64, deadLettered: Int, to logger: Logger) {
        guard now - minuteBegan >= EndpointLines.minute else { return }
        minuteBegan = now
        if suppressed > 0 {
            logger.warning("more endpoints fail or work again", metadata: ["endpoints": "\(suppressed)"])
        }
        if deadLettered > self.deadLettered {
            logger.warning(
                "deliveries became dead letters; needletail dead-letters lists them",
                metadata: ["deliveries": "\(deadLettered - self.deadLettered)"])
        }
        written = 0
        suppressed = 0
        self.deadLettered = deadLettered
    }
}
