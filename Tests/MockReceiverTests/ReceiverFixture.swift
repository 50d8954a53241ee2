import MockReceiver
import NIOCore
import NIOPosix
import Testing

/// Runs `body` with a receiver on ports that the system chose, and stops it whatever happens.
func withReceiver(
    _ configuration: ReceiverConfiguration, _ body: (ReceiverServer) async throws -> Void
) async throws {
    let receiver = try await ReceiverServer.start(configuration)
    do {
        try await body(receiver)
    } catch {
        try await receiver.stop()
        throw error
    }
    try await receiver.stop()
}

func withReceiver(
    _ program: BehaviourProgram = BehaviourProgram(), _ body: (ReceiverServer) async throws -> Void
) async throws {
    var configuration = ReceiverConfiguration()
    configuration.program = program
    configuration.messageCap = 10_000
    try await withReceiver(configuration, body)
}

/// Runs `body` with a receiver that has an admin port, and with that port.
func withAdminPort(
    journal: Int = 100, messages: Int = 1_000, _ body: (ReceiverServer, _ port: Int) async throws -> Void
) async throws {
    var configuration = ReceiverConfiguration()
    configuration.adminPort = 0
    configuration.journalCapacity = journal
    configuration.messageCap = messages
    try await withReceiver(configuration) { receiver in try await body(receiver, try #require(receiver.adminPort)) }
}

/// Waits until the condition holds, ten seconds at most.
func eventually(_ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let end = ContinuousClock.now + .seconds(10)
    while !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("the condition did not come true", sourceLocation: sourceLocation)
            return
        }
        // A loop that only yields would take a core from what it waits for.
        try await MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: .milliseconds(1)) {}.futureResult.get()
    }
}

/// Sends the requests on one connection and compares the statuses of the answers.
func expectStatuses(
    _ expected: [Int], from port: Int, _ requests: [String], inOnePiece: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let statuses = try await RawClient.statuses(from: port, requests, inOnePiece: inOnePiece)
    #expect(statuses == expected, sourceLocation: sourceLocation)
}
