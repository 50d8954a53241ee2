/// When the generator sends.
package enum Pace: Sendable {
    /// Arrivals at their intended times, whatever the server does.
    case open(ArrivalSchedule, rate: Double)
    /// As fast as the windows allow, with a limit on events sent and not delivered. Latencies count from the time of
    /// sending, so it measures throughput and not what users experience.
    case closed(outstanding: Int)

    /// The shortest pause between two wake-ups in nanoseconds. At low rates each event is sent at its own time. At high
    /// rates a wake-up sends all events that have become due, so that the generator's cost is small compared with the
    /// server's. The pause counts as lag.
    var leastPause: Int64 {
        switch self {
        case .open(_, let rate): rate <= 2_000 ? 0 : min(1_000_000, Int64(rate * 50))
        case .closed: 1_000_000
        }
    }
}

/// What the generator has done so far.
package struct GeneratorSnapshot: Sendable {
    /// Events whose intended time came; handed to the socket; answered.
    package var due = 0
    package var sent = 0
    package var answered = 0
    /// Answered as stored, and of these wanted by an endpoint.
    package var stored = 0
    package var deliverable = 0
    /// Events that waited for the server's window before they were sent.
    package var heldByWindow = 0
    /// Events sent again because the connection broke before their answer.
    package var sentAgain = 0
    /// When the last answer came, nanoseconds from the start.
    package var lastAnswer: Int64 = 0
    /// Answers by status code.
    package var statuses: [UInt16: Int] = [:]
    package var openConnections = 0
    /// When the last event was sent, and when it was due, in nanoseconds from the start.
    package var lastDeparture: Int64 = 0
    package var lastIntended: Int64 = 0
    /// All arrivals have come and were sent, or the load was stopped.
    package var isLoadDone = false
    /// Why the load ended early.
    package var failure: String?
    /// CPU time of the generator's thread, nanoseconds.
    package var cpu: Int64 = 0

    /// Latency of the answers, and lag of the generator, of the events after the warm-up.
    package var ack = StageLatencies()
    package var lag = StageLatencies()

    package init() {}

    /// Permanently refused events: class 0x03.
    package var refused: Int { statuses.reduce(0) { $0 + ($1.key >> 8 == 0x03 ? $1.value : 0) } }
}
