import WireProtocol

/// The limits of a WELCOME, as numbers to count with. A server may announce anything: what is too long a play is refused here.
struct AnnouncedLimits {
    let frameBytes: Int
    let eventBytes: Int
    let eventsPerFrame: Int
    let windowEvents: Int
    let windowBytes: Int
    let idleTimeout: Duration

    /// The most bytes that a check sends: four windows of the protocol's default.
    private static let mostBytes = 64 << 20

    init(_ welcome: Welcome) {
        frameBytes = Int(welcome.frameBytes)
        eventBytes = Int(welcome.eventBytes)
        eventsPerFrame = Int(welcome.eventsPerFrame)
        windowEvents = Int(welcome.windowEvents)
        windowBytes = Int(clamping: welcome.windowBytes)
        idleTimeout = .milliseconds(Int64(welcome.idleTimeoutMilliseconds))
    }

    /// How many records of this size a PUBLISH holds.
    func records(of size: Int) -> Int { min(eventsPerFrame, (frameBytes - 4) / (4 + size)) }

    /// - Throws: `Unplayable` where a check would have to send more than a run bears.
    func demandPlayable(bytes: Int) throws {
        if bytes > AnnouncedLimits.mostBytes { throw Unplayable("\(bytes) bytes at once are too long a play") }
    }
}
