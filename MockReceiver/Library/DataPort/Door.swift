import NIOConcurrencyHelpers
import NIOCore

/// One listening socket, which is closed while `ConnectionFault.refuse` applies.
final class Door: Sendable {
    private let shared: SharedCore
    private let loop: any EventLoop
    private let bind: @Sendable (_ port: Int) -> EventLoopFuture<any Channel>
    private let evict: @Sendable () -> Void
    private let state = NIOLockedValueBox(State())
    let port: Int

    private struct State {
        /// nil: closed.
        var channel: (any Channel)?
        var isChanging = false
        var isStopped = false
        var timer: Scheduled<Void>?
    }

    /// How soon the port is tried again if another process took it in the meantime.
    private static let retry = TimeAmount.milliseconds(50)

    /// Listens, or stays closed if the program begins with that.
    ///
    /// - Parameters:
    ///   - bind: opens the socket.
    ///   - evict: resets every connection, when the port is closed.
    static func open(
        port: Int, shared: SharedCore, loop: any EventLoop,
        bind: @escaping @Sendable (_ port: Int) -> EventLoopFuture<any Channel>,
        evict: @escaping @Sendable () -> Void
    ) async throws -> Door {
        let channel = try await bind(port).get()
        let door = Door(channel, port: channel.localAddress?.port ?? port, shared, loop, bind, evict)
        try await door.review()?.get()
        return door
    }

    private init(
        _ channel: any Channel, port: Int, _ shared: SharedCore, _ loop: any EventLoop,
        _ bind: @escaping @Sendable (Int) -> EventLoopFuture<any Channel>, _ evict: @escaping @Sendable () -> Void
    ) {
        self.shared = shared
        self.loop = loop
        self.bind = bind
        self.evict = evict
        self.port = port
        state.withLockedValue { $0.channel = channel }
    }

    /// Checks with the program whether the port must listen now, and until when.
    ///
    /// - Returns: completes when a port that must close is closed; nil: it need not close.
    @discardableResult
    func review() -> EventLoopFuture<Void>? {
        let now = WallClock.now()
        let (refuses, change) = shared.withCore { $0.refusal(at: now) }
        let closed: (any Channel)? = state.withLockedValue { state in
            state.timer?.cancel()
            state.timer = nil
            guard !state.isStopped, !state.isChanging else { return nil }
            if let change { state.timer = loop.scheduleTask(in: .milliseconds(Int64(change))) { self.review() } }
            guard refuses, let channel = state.channel else {
                if !refuses, state.channel == nil { reopen(&state) }
                return nil
            }
            state.channel = nil
            state.isChanging = true
            return channel
        }
        return closed?.close().recover { _ in }.map {
            self.evict()
            self.state.withLockedValue { $0.isChanging = false }
            self.review()
        }
    }

    private func reopen(_ state: inout State) {
        state.isChanging = true
        loop.execute {
            self.bind(self.port).whenComplete { result in
                let late: (any Channel)? = self.state.withLockedValue { state in
                    state.isChanging = false
                    guard case .success(let channel) = result else { return nil }
                    if state.isStopped { return channel }
                    state.channel = channel
                    return nil
                }
                late?.close(promise: nil)
                if case .failure = result {
                    self.loop.scheduleTask(in: Door.retry) { self.review() }
                } else {
                    self.review()
                }
            }
        }
    }

    func stop() async {
        let channel: (any Channel)? = state.withLockedValue { state in
            state.isStopped = true
            state.timer?.cancel()
            defer { state.channel = nil }
            return state.channel
        }
        try? await channel?.close()
    }
}
