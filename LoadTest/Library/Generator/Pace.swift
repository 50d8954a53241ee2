/// What tells the generator when to send.
package enum Pace: Sendable {
    /// Arrivals at their intended times, whatever the server does.
    case open(ArrivalSchedule, rate: Double)
    /// As fast as the windows allow, with at most so many events sent and not delivered. Its latencies count from the
    /// sending, so it measures throughput and not what users feel.
    case closed(outstanding: Int)

    /// The shortest pause between two wake-ups in nanoseconds. At low rates each event leaves at its own time; at
    /// high ones a wake-up sends what has gathered, so that the generator's cost stays small beside the server's. It
    /// counts as lag.
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
    /// Waited for the server's window before they left.
    package var heldByWindow = 0
    /// Sent once more, because the connection broke before their answer.
    package var sentAgain = 0
    /// When the last answer came, nanoseconds from the start.
    package var lastAnswer: Int64 = 0
    /// Answers by status code.
    package var statuses: [UInt16: Int] = [:]
    package var openConnections = 0
    /// When the last event left, and when it was meant to, nanoseconds from the start.
    package var lastDeparture: Int64 = 0
    package var lastIntended: Int64 = 0
    /// All arrivals have come and left, or the load was stopped.
    package var isLoadDone = false
    /// Why the load ended early.
    package var failure: String?
    /// CPU time of the generator's thread, nanoseconds.
    package var cpu: Int64 = 0

    /// Latency of the answers, and lag of the generator, of the events after the warm-up.
    package var ack = LatencyHistogram()
    package var lag = LatencyHistogram()

    package init() {}

    /// Events refused for good: class 0x03.
    package var refused: Int { statuses.reduce(0) { $0 + ($1.key >> 8 == 0x03 ? $1.value : 0) } }
}
