import NIOCore
import NIOPosix

/// A port for what must have the same one at every start, or for nobody at all.
package enum FreePort {
    /// A TCP port of loopback that was free a moment ago.
    ///
    /// Below the range that the system gives out by itself (`net.ipv4.ip_local_port_range`, from 32768): what other tests open meanwhile
    /// never lands on it.
    package static func choose() async throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 10_000..<32_000)
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            guard let channel = try? await bootstrap.bind(host: "127.0.0.1", port: port).get() else { continue }
            try await channel.close()
            return port
        }
        throw NoneFree()
    }

    struct NoneFree: Error {}
}
