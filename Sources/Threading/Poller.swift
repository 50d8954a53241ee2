import CLinux
import Glibc

/// The descriptors that one thread watches: a level-triggered epoll(7) set.
///
/// Each descriptor carries a token of the owner's choice, which comes back with its events: descriptor numbers return
/// after a close, so a token with a generation tells an old event from a new one. Not Sendable: one thread owns it.
public final class Poller {
    /// What a descriptor is watched for, and what came. `failed` comes unasked.
    public struct Readiness: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let readable = Readiness(rawValue: 1)
        public static let writable = Readiness(rawValue: 2)
        /// Error or hang-up.
        public static let failed = Readiness(rawValue: 4)
    }

    /// Events taken by one wait at most.
    public static let batch = 256

    private let epoll: CInt
    private let events: UnsafeMutablePointer<clinux_epoll_event>
    /// Events of the latest wait that were not taken yet.
    private var waiting = 0

    public init() {
        epoll = clinux_epoll_create()
        precondition(epoll >= 0, "epoll_create1: errno \(errno)")
        events = .allocate(capacity: Poller.batch)
    }

    deinit {
        close(epoll)
        events.deallocate()
    }

    /// Watches the descriptor, or changes what it is watched for.
    ///
    /// - Returns: false when the kernel refused (no memory, or a descriptor that cannot be polled).
    @discardableResult
    public func watch(_ descriptor: CInt, for interest: Readiness, token: UInt64) -> Bool {
        clinux_epoll_set(epoll, descriptor, interest.rawValue, token) == 0
    }

    /// Stops watching. A descriptor that is closed or unknown already is no mistake.
    public func forget(_ descriptor: CInt) { _ = clinux_epoll_remove(epoll, descriptor) }

    /// Waits until something is ready, and keeps what is for `take`.
    ///
    /// - Parameter nanoseconds: how long at most; 0 only looks, nil waits for ever.
    public func wait(nanoseconds: Int64?) {
        let count = clinux_epoll_wait(epoll, events, CInt(Poller.batch), nanoseconds.map { max(0, $0) } ?? -1)
        precondition(count >= 0, "epoll_wait: errno \(errno)")
        waiting = Int(count)
    }

    /// Hands over the events of the latest wait, each once. `body` may watch and forget; an event of a descriptor that
    /// was closed meanwhile still comes.
    public func take(_ body: (_ token: UInt64, _ ready: Readiness) -> Void) {
        let count = waiting
        waiting = 0
        for index in 0..<count { body(events[index].token, Readiness(rawValue: events[index].events)) }
    }
}
