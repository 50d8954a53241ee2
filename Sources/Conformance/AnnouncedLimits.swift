import WebhookModel
import WireProtocol

/// The limits of a WELCOME, as numbers. A server may announce anything; limits that would make a check take too long
/// are refused here.
struct AnnouncedLimits {
    let frameBytes: Int
    let eventBytes: Int
    let eventsPerFrame: Int
    let windowEvents: Int
    let windowBytes: Int
    let idleTimeout: Duration

    init(_ welcome: Welcome) {
        frameBytes = Int(welcome.frameBytes)
        eventBytes = Int(welcome.eventBytes)
        eventsPerFrame = Int(welcome.eventsPerFrame)
        windowEvents = Int(welcome.windowEvents)
        windowBytes = Int(clamping: welcome.windowBytes)
        idleTimeout = .milliseconds(Int64(welcome.idleTimeoutMilliseconds))
    }

    /// The number of records of this size that fit into a PUBLISH.
    func records(of size: Int) -> Int { min(eventsPerFrame, (frameBytes - 4) / (4 + size)) }

    /// - Throws: `SkippedCheck` if a check would have to send more than a run allows.
    func requireAllowed(bytes: Int) throws {
        if bytes > Limits.checkBytes { throw SkippedCheck("\(bytes) bytes at once are too many for a check") }
    }
}
