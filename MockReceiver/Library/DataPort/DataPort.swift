import NIOCore
import NIOPosix

/// The listening socket of the data port and its event loops.
struct DataPort {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    let port: Int

    /// Bytes of one read: a few pipelined requests, or a common one whole.
    private static let readBytes = 16 * 1024

    static func start(_ configuration: ReceiverConfiguration, shared: SharedCore) async throws -> DataPort {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops)
        var contexts: [ObjectIdentifier: LoopContext] = [:]
        for loop in group.makeIterator() {
            contexts[ObjectIdentifier(loop)] = LoopContext(shared: shared, configuration: configuration)
        }
        let loops = contexts
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readBytes))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops[ObjectIdentifier(channel.eventLoop)] else {
                        preconditionFailure("a channel on a loop of another group")
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        RequestHandler(shared: shared, loop: loop, configuration: configuration))
                }
            }
        do {
            let channel = try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
            return DataPort(group: group, channel: channel, port: channel.localAddress?.port ?? configuration.port)
        } catch {
            try? await group.shutdownGracefully()
            throw ListenError(.data, host: configuration.host, port: configuration.port, error)
        }
    }

    /// Closes the socket and every connection.
    func stop() async throws {
        try? await channel.close()
        try await group.shutdownGracefully()
    }
}
