import Foundation
import Glibc
import Ingest
import Logging
import NIOConcurrencyHelpers
import Testing
import WebhookModel

/// An ingest server in a process of its own with its attackers, so that the memory that the attack costs can be told.
struct AttackedServer {
    let server: IngestServer
    let port: Int
    private let before: Int

    /// Deadlines are short and looked at often; everything else is as it comes.
    ///
    /// - Parameter answers: whether the queue answers, at once; or never.
    init(answers: Bool = true, configure: (inout IngestConfiguration) -> Void = { _ in }) async throws {
        AttackedServer.raiseDescriptorLimit()
        var configuration = IngestConfiguration()
        configuration.port = 0
        configuration.threads = 1
        configuration.sweepMilliseconds = 10
        configuration.lingerMilliseconds = 50
        configuration.authFailureDelayMilliseconds = 20
        configure(&configuration)
        server = IngestServer(
            configuration: configuration, access: SessionDriver.access(),
            intake: AttackedServer.queue(answers: answers),
            logger: Logger(label: "attack") { _ in SwiftLogNoOpLogHandler() })
        port = try await server.start()
        // The first connection brings memory that no other needs: buffers of the loop, pages of code.
        let first = try RawSocket.welcomed(port: port)
        for id in 0..<3 { try first.send(SessionDriver.publish(UInt64(id))) }
        if answers { _ = try first.replies(3) }
        first.close()
        try await until("the first connection is gone") { [server] in server.counters.connectionsOpen == 0 }
        before = AttackedServer.memory()
    }

    private static func queue(answers: Bool) -> IntakePort {
        IntakePort { batch, _ in
            guard answers else { return true }
            batch.commit = 1
            batch.settle(.accepted, retryAfter: 0)
            batch.receipts.deliver([batch])
            return true
        }
    }

    /// Bytes that the server has read so far.
    var bytesRead: Int { server.counters.bytesReceived }

    /// Waits until the server has read so many bytes more than it had.
    func hasRead(_ count: Int, since start: Int) async throws {
        try await until("\(count) bytes are read") { bytesRead - start >= count }
    }

    // MARK: Memory

    /// Bytes of memory that the attack has cost so far, free memory of the allocator given back.
    var cost: Int { AttackedServer.memory() - before }

    /// Prints what an attack costs, all together and for each of so many connections, and holds it against its bound.
    func expectCost(of attack: String, connections: Int, most: Int) {
        let cost = cost
        AttackedServer.printCost(of: attack, connections: connections, cost)
        #expect(cost <= most, "\(attack) costs \(cost) bytes")
    }

    static func printCost(of attack: String, connections: Int, _ cost: Int) {
        print("attack: \(attack): \(connections) connections, \(cost / 1_024) KiB, \(cost / connections) B each")
    }

    /// Anonymous resident memory of this process: heap and stacks, no files.
    private static func memory() -> Int {
        // malloc_trim(3), which Glibc's module leaves out.
        if let trim = dlsym(nil, "malloc_trim") {
            _ = unsafeBitCast(trim, to: (@convention(c) (Int) -> CInt).self)(0)
        }
        var text = [UInt8](repeating: 0, count: 8_192)
        let file = open("/proc/self/status", O_RDONLY)
        let count = read(file, &text, text.count)
        close(file)
        let lines = String(decoding: text.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
        let words = lines.first { $0.hasPrefix("RssAnon:") }?.split { $0 == " " || $0 == "\t" }
        return (words.flatMap { Int($0[1]) } ?? 0) * 1_024
    }

    /// Connections of which this process may hold one end.
    static var connectionsAllowed: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(limit.rlim_cur) - 100
    }

    /// As many descriptors as we may have.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// A thread with a table of descriptors of its own (unshare(2), CLONE_FILES): a process may hold both ends of twice as
/// many connections so. They all close with the thread.
enum OwnDescriptors {
    static func run(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            // Another thread resumes: to resume may start one, which would keep the descriptors of its maker open.
            Thread.detachNewThread {
                let outcome = NIOLockedValueBox<Result<Void, any Error>>(.success(()))
                let isOver = DispatchSemaphore(value: 0)
                Thread.detachNewThread {
                    let cloneFiles: CInt = 0x400
                    // Behind _GNU_SOURCE, so not in Glibc's module.
                    let unshare = unsafeBitCast(dlsym(nil, "unshare")!, to: (@convention(c) (CInt) -> CInt).self)
                    precondition(unshare(cloneFiles) == 0)
                    let result = Result(catching: body)
                    outcome.withLockedValue { $0 = result }
                    isOver.signal()
                }
                isOver.wait()
                done.resume(with: outcome.withLockedValue { $0 })
            }
        }
    }
}

struct NeverCame: Error { var what: String }

/// Waits for something that other threads bring about, two minutes at most, for the machine may be busy.
func until(_ what: String, _ condition: () -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(120)
    while !condition() {
        guard ContinuousClock.now < end else { throw NeverCame(what: what) }
        // A millisecond in which the server has the processor.
        poll(nil, 0, 1)
    }
}
