import Foundation
package import IngestClient
package import MockReceiver

/// The settings of a run. `mistakes()` checks them before anything starts.
package struct RunPlan: Sendable {
    package var server: ConnectionSettings
    package var workload = Workload()
    package var arrivals = ArrivalPattern.constant
    /// Events per second; 0: a closed loop, as fast as the windows allow.
    package var rate = 1_000.0
    /// The closed loop's limit of events sent and not delivered.
    package var outstanding = 10_000
    package var seconds = 30.0
    /// Of `seconds`, the first seconds that are sent and checked, but not measured.
    package var warmupSeconds = 0.0
    package var connections = 1
    /// The most events of one frame. At a low rate each event is sent alone, at its time.
    package var batch = 100
    package var receiver = ReceiverPlan.embedded(EmbeddedReceiverPlan())
    /// How long to wait at the end until everything acknowledged has arrived.
    package var drainSeconds = 30.0
    package var sloP95Milliseconds = 2_000.0
    package var maxDuplicates = 0
    package var bounds = RunBounds()
    /// False for a load that only prepares the measurement: it may lag behind its schedule.
    package var isMeasured = true
    /// The dispatcher's process, for its CPU time and memory, and its data directory, for the store's size.
    package var dispatcherPID: Int32?
    package var dataDirectory: String?
    /// As typed, for the report. The API key is left out by the command.
    package var command: [String] = []

    package init(server: ConnectionSettings) { self.server = server }

    package var seed: UInt64 { workload.seed }
    package var isClosedLoop: Bool { rate == 0 }

    package var pace: Pace {
        isClosedLoop
            ? .closed(outstanding: outstanding)
            : .open(ArrivalSchedule(pattern: arrivals, rate: rate, seed: seed), rate: rate)
    }

    /// The most events that the run will send, for which the receiver must have space. For a closed loop it is an
    /// estimate from above.
    package var expectedEvents: Int { expectedEvents(cores: ProcessInfo.processInfo.activeProcessorCount) }

    /// - Parameter cores: of this machine.
    package func expectedEvents(cores: Int) -> Int {
        guard isClosedLoop else { return Int(rate * seconds * 1.1) + 10_000 }
        let perSecond = min(max(cores * RunPlan.perCore, RunPlan.closedLeast), RunPlan.closedMost)
        return Int(seconds * Double(perSecond))
    }

    /// Events a second of a closed loop that the receiver has accounts for: by core, twice what is measured on two slow
    /// ones; and at least, for one fast core; and at most, where one dispatcher's writer ends. An account takes some bytes
    /// before it is used.
    private static let perCore = 60_000
    private static let closedLeast = 150_000
    private static let closedMost = 500_000

    /// The mistakes in the plan, one line each, with the option and the remedy.
    package func mistakes() -> [String] {
        var mistakes: [String] = []
        func check(_ isRight: Bool, _ text: @autoclosure () -> String) { if !isRight { mistakes.append(text()) } }
        check(
            rate >= 0 && rate <= 5_000_000,
            "--rate: invalid value \"\(rate)\"; expected 1 to 5,000,000 events a second, or --max for a closed loop")
        check(seconds > 0 && seconds <= 1_000_000, "--seconds: invalid value \"\(seconds)\"; expected a time above 0")
        check(
            warmupSeconds >= 0 && warmupSeconds < seconds,
            "--warmup-seconds: invalid value \"\(warmupSeconds)\"; expected less than --seconds (\(seconds))")
        check(
            (1...100_000).contains(workload.tenants),
            "--tenants: invalid value \"\(workload.tenants)\"; expected 1 to 100,000")
        check(
            (Workload.leastPayloadBytes...1_000_000).contains(workload.payloadBytes),
            "--payload-bytes: invalid value \"\(workload.payloadBytes)\"; expected \(Workload.leastPayloadBytes) (the sequence number and its JSON) or more"
        )
        check((1...1_024).contains(connections), "--connections: invalid value \"\(connections)\"; expected 1 to 1,024")
        check((1...8_192).contains(batch), "--batch: invalid value \"\(batch)\"; expected 1 to 8,192 events a frame")
        check(outstanding > 0, "--outstanding: invalid value \"\(outstanding)\"; expected 1 or more")
        check(server.windowEvents > 0, "--window: invalid value \"\(server.windowEvents)\"; expected 1 or more")
        check((1...65_535).contains(server.port), "--port: invalid value \"\(server.port)\"; expected 1 to 65535")
        check(drainSeconds >= 0, "--drain-seconds: invalid value \"\(drainSeconds)\"; expected 0 or more")
        check(maxDuplicates >= 0, "--max-duplicates: invalid value \"\(maxDuplicates)\"; expected 0 or more")
        mistakes += bounds.mistakes(dispatcherPID: dispatcherPID, receiver: receiver)
        if case .embedded(let receiver) = receiver {
            check(
                (0...65_535).contains(receiver.port),
                "--receiver-port: invalid value \"\(receiver.port)\"; expected 0 (any) to 65535")
            check(
                (0...1).contains(receiver.failureShare),
                "--failures: invalid value \"\(receiver.failureShare * 100)\"; expected 0 to 100 percent")
            check(
                receiver.program == nil || receiver.failureShare == 0,
                "--failures and --program exclude each other; expected fail_percent in the program")
        }
        return mistakes
    }
}

/// The receiver of the webhooks.
package enum ReceiverPlan: Sendable {
    /// A mock receiver in this process: every stage of every event.
    case embedded(EmbeddedReceiverPlan)
    /// A mock receiver elsewhere, given by its admin port (`http://host:port`): counts only.
    case remote(String)
    /// None: ingest alone.
    case none
}

/// How the embedded receiver is set up.
package struct EmbeddedReceiverPlan: Sendable {
    /// 0.0.0.0 accepts requests to any address of this machine, so that endpoints can have separate hosts, 127.0.0.1,
    /// 127.0.0.2, …
    package var host = "127.0.0.1"
    /// The port in the endpoints' URLs; 0: any.
    package var port = 0
    /// Written secrets (`whsec_…`) for the signature check, each with the paths it is for (`/path`, `/prefix*` or `*`).
    package var secrets: [(pattern: String, secret: String)] = []
    /// Share of the attempts that are answered 503, 0…1. The seed and the attempt decide which.
    package var failureShare = 0.0
    /// How it answers, instead of `failureShare`; its secrets and its seed are the run's. Nil: at once.
    package var program: BehaviourProgram?
    /// It serves HTTPS with certificates of this authority; nil: plain HTTP.
    package var authority: ReceiverAuthority?

    package init() {}
}

/// Why a load test could not run: one line with the cause and the remedy.
package struct LoadTestError: Error, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
