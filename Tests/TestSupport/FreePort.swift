import NIOCore
import NIOPosix

/// A port for what must have the same one at every start.
package enum FreePort {
    /// A TCP port of loopback that was free a moment ago.
    package static func choose() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }
}
