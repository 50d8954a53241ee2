package import WireProtocol

/// One connection as the core sees it: its terms, and what was sent there without an answer.
struct Link {
    enum Phase { case connecting, open }

    let number: UInt64
    let address: Int
    var phase = Phase.connecting
    var openedAt: Int64 = 0
    var hasAnswered = false
    /// The time at which a connection that is being left is closed in any case.
    var leavesAt = Int64.max
    var terms = LinkTerms()
    /// Events in frames without an answer, and bytes of their bodies.
    var eventsOut = 0
    var bytesOut = 0

    /// Why this event can never be sent here. nil: it can.
    func refusal(of event: OutgoingEvent, recordBytes: Int) -> ProtocolStatus? {
        let most = Int(UInt16.max)
        guard event.tenant.utf8.count <= most, event.type.utf8.count <= most, event.correlationID.utf8.count <= most,
            event.orderingKey.utf8.count <= most, event.contentType.utf8.count <= most, event.attributes.count <= most,
            event.attributes.allSatisfy({ $0.name.utf8.count <= most && $0.value.utf8.count <= most })
        else { return .malformed }
        let alone = Link.bodyStart + Link.lengthBytes + recordBytes
        return event.payload.count > terms.eventBytes || alone > terms.frameBytes ? .tooLarge : nil
    }

    /// Bytes of a PUBLISH body before its first record, and before each record.
    static let bodyStart = 4
    static let lengthBytes = 4
}

/// What a server allows according to WELCOME, reduced to the settings' own limits.
package struct LinkTerms: Sendable {
    package var frameBytes = 0
    package var frameEvents = 0
    package var eventBytes = 0
    package var windowEvents = 0
    package var windowBytes = 0

    init() {}

    package init(_ welcome: Welcome, _ settings: PublisherSettings) {
        frameBytes = Int(welcome.frameBytes)
        frameEvents = max(1, min(Int(welcome.eventsPerFrame), settings.frameEvents))
        eventBytes = Int(welcome.eventBytes)
        windowEvents = min(Int(welcome.windowEvents), settings.windowEvents)
        windowBytes = Int(clamping: welcome.windowBytes)
    }
}

/// One PUBLISH frame without an answer.
struct Flight {
    let link: UInt64
    let runs: [Run]
    let events: Int
    let bytes: Int
    let sentAt: Int64
}
