import NIOCore
import NIOPosix
import Synchronization

/// What every kind of run needs: an event loop, an interruption flag, and the same end after success and failure.
final class RunScope: Sendable {
    private let interruption = Atomic<Bool>(false)
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// The loop that the generator and its connections live on.
    var eventLoop: any EventLoop { group.next() }

    var isInterrupted: Bool { interruption.load(ordering: .relaxed) }

    /// Asks the run to end early. Callable from any thread, also from a signal handler's.
    func interrupt() { interruption.store(true, ordering: .relaxed) }

    /// Runs `body`, then `stop`, then ends the event loop, whether `body` returned or threw.
    ///
    /// - Parameter stop: stops what `body` used; told whether `body` returned.
    /// - Throws: what `body` threw, or why the event loop did not end.
    func run(
        _ body: () async throws -> Report, stop: (_ succeeded: Bool) async -> Void
    ) async throws -> Report {
        do {
            let report = try await body()
            await stop(true)
            try await group.shutdownGracefully()
            return report
        } catch {
            await stop(false)
            try? await group.shutdownGracefully()
            throw error
        }
    }
}
