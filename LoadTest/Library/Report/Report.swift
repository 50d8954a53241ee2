package import Foundation

/// A value that is written as `null` if absent, so that every key of the report is always present.
@propertyWrapper
package struct OrNull<Value: Codable & Sendable>: Codable, Sendable {
    package var wrappedValue: Value?

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

/// The figures of one run. The JSON keys are these names in snake case, and do not change. A change of meaning raises
/// `schemaVersion`.
package struct Report: Codable, Sendable {
    package var schemaVersion = 1
    /// `run`, `crash`, `isolation` or `backlog`.
    package var mode = "run"
    package var command: [String] = []
    /// ISO 8601, UTC.
    package var startedAt = ""
    package var seed: UInt64 = 0

    // What was requested.
    package var arrivals = ""
    /// Events per second; 0: a closed loop.
    package var offeredPerSecond = 0.0
    package var seconds = 0.0
    package var warmupSeconds = 0.0
    package var tenants = 0
    package var payloadBytes = 0
    package var connections = 0
    package var batch = 0
    package var failuresPercent = 0.0
    package var receiver = ""

    // The verdict.
    package var verdict = ExitCode.pass.word
    package var exitCode: Int32 = 0
    package var reasons: [String] = []
    package var valid = true
    package var invalidReasons: [String] = []
    package var slo = SLO()

    // The results of the events.
    package var scheduled = 0
    package var sent = 0
    /// Handed to the sockets per second, from the start to the last event.
    package var achievedPerSecond = 0.0
    /// Answered as stored; and the rate per second, from the start to the last answer.
    package var acked = 0
    package var ackedPerSecond = 0.0
    /// Accepted by the receiver; and the rate per second, from the start to the last event.
    package var delivered = 0
    package var deliveredPerSecond = 0.0
    package var lost = 0
    /// Stored, and at the end of the drain still on the way: in flight, waiting for a retry, or held by the server after
    /// failures of the receiver.
    package var pending = 0
    package var duplicates = 0
    package var corrupt = 0
    package var unverifiedSignatures = 0
    package var phantom = 0
    package var foreign = 0
    /// Sent without an answer: unknown, not lost.
    package var unanswered = 0
    /// Temporarily not stored, and permanently refused.
    package var rejected = 0
    package var refused = 0
    /// Due, but never sent, because the server's window stayed full.
    package var unsent = 0
    /// Waited for the server's window before they were sent.
    package var heldByWindow = 0
    package var retried = 0
    package var failuresInjected = 0
    /// Answers by status name.
    package var statuses: [String: Int] = [:]
    package var lostExamples: [String] = []

    // Latencies. All but the first count from the intended time.
    package var generatorLagMs = StageLatencies().quantiles
    package var ackMs = StageLatencies().quantiles
    package var firstReceiptMs = StageLatencies().quantiles
    package var endToEndMs = StageLatencies().quantiles

    // Costs. What an ACK means on this server: `fdatasync`, `written` or `none`, from its WELCOME.
    package var durability = ""
    package var server = ""
    package var drainSeconds = 0.0
    package var generatorCpuSeconds = 0.0
    package var receiverCpuSeconds = 0.0
    @OrNull package var dispatcherCpuSeconds: Double?
    /// The same by thread name, without threads that ended during the run.
    @OrNull package var dispatcherThreadSeconds: [String: Double]?
    @OrNull package var dispatcherRssBytes: Int?
    @OrNull package var dispatcherRssPeakBytes: Int?
    @OrNull package var storeBytes: Int?
    /// Over the run, one sample per second.
    @OrNull package var dispatcherTrends: DispatcherTrends?
    /// Requests and accepted connections of an embedded receiver, and the share (0…1) of the requests that used an
    /// existing connection.
    @OrNull package var receiverRequests: Int?
    @OrNull package var receiverConnections: Int?
    @OrNull package var connectionReuse: Double?
    package var environment = MachineEnvironment()
    /// Requested figures, each with its limit.
    package var figures: [FigureVerdict] = []
    /// For `crash` only.
    package var kills: [KillRecord]?
    /// For `isolation` and `backlog` only: the legs of the run in order. The counts above are sums over all legs; the
    /// latencies are those of the judged leg.
    package var legs: [LegReport]?
    /// For `backlog` only, if it drained.
    package var drain: DrainReport?

    /// The required service level.
    package struct SLO: Codable, Sendable {
        /// `end_to_end_ms`, or `ack_ms` if nothing is received.
        package var stage = ""
        package var p95LimitMs = 0.0
        package var held = true
    }

    package init() {}

    /// The report as JSON, keys in snake case and in order.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }
}

/// How a backlog drained.
package struct DrainReport: Codable, Sendable {
    package var events = 0
    /// From the receivers' return to the first event, and from the first to the last.
    package var waitedSeconds = 0.0
    package var seconds = 0.0
    package var perSecond = 0.0
}

/// One leg of a staged run.
package struct LegReport: Codable, Sendable {
    package var name = ""
    package var offeredPerSecond = 0.0
    package var seconds = 0.0
    package var scheduled = 0
    package var acked = 0
    /// Accepted by the receiver until the end of the whole run, and events that wait for a receiver that does not
    /// answer on purpose.
    package var delivered = 0
    package var held = 0
    package var generatorLagMs = StageLatencies().quantiles
    package var ackMs = StageLatencies().quantiles
    package var groups: [GroupReport] = []

    /// One group of tenants in the leg.
    package struct GroupReport: Codable, Sendable {
        package var name: String
        package var tenants: Int
        package var acked: Int
        package var delivered: Int
        /// From the intended time, for events after the leg's warm-up.
        package var endToEndMs: Quantiles
        /// Jain's index of the tenants' mean latencies; null: fewer than two tenants had an event delivered.
        @OrNull package var fairness: Double?
    }
}

/// One kill of the crash loop.
package struct KillRecord: Codable, Sendable {
    /// Seconds after the start of the load.
    package var at: Double
    /// Milliseconds from the restart until WELCOME.
    package var readyMs: Double
    /// Events whose answer was cut off by the kill; they were sent again with the same ids.
    package var resent: Int
    /// Events acknowledged from the start of the load until the kill.
    package var acked: Int

    package init(at: Double, readyMs: Double, resent: Int, acked: Int) {
        self.at = at
        self.readyMs = readyMs
        self.resent = resent
        self.acked = acked
    }
}
