import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Threading
import WebhookModel

/// Opens and closes the listeners: TCP, in plaintext or TLS, and a Unix socket. Each accepted connection becomes an
/// `IngestConnection`.
final class IngestListeners: Sendable {
    private struct Open {
        var channels: [any Channel] = []
        var socketFile: UnixSocketFile?
    }

    private let configuration: IngestConfiguration
    private let group: any EventLoopGroup
    private let loops: [ObjectIdentifier: IngestLoop]
    private let admission: Admission
    private let logger: Logger
    private let open = Locked(Open())

    init(
        configuration: IngestConfiguration, group: any EventLoopGroup, loops: [IngestLoop], admission: Admission,
        logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.loops = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
        self.admission = admission
        self.logger = logger
    }

    /// Listens on host and port.
    ///
    /// - Returns: the bound port.
    func openTCP(tls: TLSPort?) async throws(IngestStartError) -> Int {
        let host = configuration.host
        do {
            let address = try SocketAddress.makeAddressResolvingHost(host, port: configuration.port)
            guard tls != nil || configuration.allowsPlaintextBeyondLoopback || address.isLoopback else {
                throw IngestStartError.plaintextBeyondLoopback(host: host)
            }
            let channel = try await bootstrap(tls: tls)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(to: address).get()
            open.withLock { $0.channels.append(channel) }
            return channel.localAddress?.port ?? configuration.port
        } catch let error as IngestStartError {
            throw error
        } catch let error as IOError {
            throw .cannotBind(host: host, port: configuration.port, code: error.errnoCode)
        } catch {
            throw .unknownHost(host)
        }
    }

    /// Listens on a Unix socket.
    func openUnixSocket(_ path: String) async throws(IngestStartError) {
        do {
            try await UnixSocketFile.removeStale(path, group: group)
            let channel = try await bootstrap(tls: nil).bind(unixDomainSocketPath: path).get()
            open.withLock { $0.channels.append(channel) }
            let file = try UnixSocketFile(bound: path, mode: configuration.unixSocketMode)
            open.withLock { $0.socketFile = file }
        } catch let refusal as UnixSocketFile.Refusal {
            throw .unixSocket(path: path, reason: refusal.reason)
        } catch {
            throw .unixSocket(path: path, reason: UnixSocketFile.reason(of: error))
        }
    }

    /// Accepts nothing more. A second call does nothing.
    func close() async {
        let old = open.withLock { open in
            defer { open = Open() }
            return open
        }
        // The file first: a client that finds no file fails at once, without trying to connect.
        old.socketFile?.remove()
        // An error here means that the channel is closed already.
        for channel in old.channels { try? await channel.close().get() }
    }

    // MARK: Accepted connections

    private func bootstrap(tls: TLSPort?) -> ServerBootstrap {
        let highWater = configuration.outputBytes
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(clamping: configuration.backlog))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(AcceptShortage.handlers(logger))
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: highWater / 4, high: highWater))
            // One read per turn: it is one batch, and no second read is tried that usually finds nothing.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try initialize(channel, tls: tls) }
            }
    }

    /// Over a limit on a TLS port, where a CLOSE would cost a handshake.
    private struct OverLimit: Error {}

    private func initialize(_ channel: any Channel, tls: TLSPort?) throws {
        let loop = loops[ObjectIdentifier(channel.eventLoop)]!
        let address = ClientAddress(channel.remoteAddress)
        let isAdmitted = admission.admit(address.network)
        let pipeline = channel.pipeline.syncOperations
        let reads: any RecvByteBufferAllocator =
            tls == nil
            ? loop.readBuffer.allocator()
            : AdaptiveRecvByteBufferAllocator(minimum: 1_024, initial: 4_096, maximum: Limits.tlsReadBytes)
        try channel.syncOptions?.setOption(.recvAllocator, value: reads)
        if let tls {
            guard isAdmitted else {
                loop.refusedBeforeTLS()
                throw OverLimit()
            }
            try pipeline.addHandler(ClientHelloFilter { loop.refused($0, peer: address.text) })
            try pipeline.addHandler(NIOSSLServerHandler(context: tls.context.context))
        }
        try pipeline.addHandler(IngestConnection(loop: loop, address: address, isAdmitted: isAdmitted))
    }
}

extension SocketAddress {
    fileprivate var isLoopback: Bool {
        switch self {
        case .v4: ipAddress?.hasPrefix("127.") ?? false
        case .v6: ipAddress == "::1"
        case .unixDomainSocket: true
        }
    }
}
