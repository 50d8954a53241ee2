import NIOCore
import NIOPosix

/// The data port's listening sockets, plain and TLS, and their event loops.
struct DataPort {
    private let group: MultiThreadedEventLoopGroup
    private let plain: Door
    private let secure: Door?
    var port: Int { plain.port }
    var tlsPort: Int? { secure?.port }

    /// Bytes of one read: a few pipelined requests, or a common one whole.
    private static let readBytes = 16 * 1024

    /// - Parameter contexts: for the TLS port; nil: none is opened.
    static func start(
        _ configuration: ReceiverConfiguration, shared: SharedCore, contexts: TLSContexts?
    ) async throws -> DataPort {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops)
        let loops = LoopContexts(group, shared: shared, configuration: configuration)
        do {
            let plain = try await open(
                .data, configuration.port, configuration, shared, group, loops, ServedChannel.plain)
            var secure: Door?
            if let contexts, let port = configuration.tlsPort {
                do {
                    secure = try await open(
                        .tls, port, configuration, shared, group, loops, ServedChannel.tls(contexts))
                } catch {
                    await plain.stop()
                    throw error
                }
            }
            // The doors own the shared state.
            shared.onProgramChange { [weak plain, weak secure] in
                plain?.review()
                secure?.review()
            }
            return DataPort(group: group, plain: plain, secure: secure)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private static func open(
        _ which: ListenError.Port, _ port: Int, _ configuration: ReceiverConfiguration, _ shared: SharedCore,
        _ group: MultiThreadedEventLoopGroup, _ loops: LoopContexts, _ served: ServedChannel
    ) async throws -> Door {
        // A plain sender that closes its direction at once still gets its answer; TLS has its own way to close.
        let isPlain = which == .data
        let bind: @Sendable (Int) -> EventLoopFuture<any Channel> = { port in
            ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 1_024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: isPlain)
                .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readBytes))
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try served.prepare(channel, loops.context(of: channel.eventLoop), shared, configuration)
                    }
                }
                .bind(host: configuration.host, port: port)
        }
        do {
            return try await Door.open(port: port, shared: shared, loop: group.next(), bind: bind, evict: loops.evict)
        } catch {
            throw ListenError(which, host: configuration.host, port: port, error)
        }
    }

    /// Closes the sockets and every connection.
    func stop() async throws {
        await plain.stop()
        await secure?.stop()
        try await group.shutdownGracefully()
    }
}

/// The state of each event loop.
struct LoopContexts: Sendable {
    private let contexts: [ObjectIdentifier: LoopContext]
    private let group: MultiThreadedEventLoopGroup

    init(_ group: MultiThreadedEventLoopGroup, shared: SharedCore, configuration: ReceiverConfiguration) {
        var contexts: [ObjectIdentifier: LoopContext] = [:]
        for loop in group.makeIterator() {
            contexts[ObjectIdentifier(loop)] = LoopContext(shared: shared, configuration: configuration)
        }
        self.contexts = contexts
        self.group = group
    }

    func context(of loop: any EventLoop) -> LoopContext {
        guard let context = contexts[ObjectIdentifier(loop)] else {
            preconditionFailure("a channel on a loop of another group")
        }
        return context
    }

    /// Resets every connection.
    @Sendable func evict() {
        for loop in group.makeIterator() {
            let context = context(of: loop)
            loop.execute { context.evict() }
        }
    }
}
