import DurableQueue
import Threading

/// Whether the server takes events, for load balancers. The assembly moves it on. Callable from any thread.
public final class ServerState: Sendable {
    public enum Phase: String, Sendable {
        /// The store is being recovered, or the listeners are being opened.
        case starting
        case running
        /// The server drains and ends.
        case stopping
    }

    private let current = Locked(Phase.starting)

    public init() {}

    public var phase: Phase { current.withLock { $0 } }

    public func enter(_ phase: Phase) { current.withLock { $0 = phase } }
}

/// Whether the server is ready, and why not.
public enum Readiness: Sendable, Equatable {
    case ready
    /// - Parameters:
    ///   - reason: `starting`, `stopping` or `refusing`.
    ///   - detail: for people.
    case notReady(reason: String, detail: String)
}

extension ManagementDesk {
    public var readiness: Readiness {
        switch state.phase {
        case .starting: return .notReady(reason: "starting", detail: "the listeners are being opened")
        case .stopping: return .notReady(reason: "stopping", detail: "the server drains and ends")
        case .running:
            guard let refusal = queue.statistics.refusal else { return .ready }
            return .notReady(reason: "refusing", detail: "new events are refused: \(refusal)")
        }
    }
}
