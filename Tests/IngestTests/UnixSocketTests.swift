import Glibc
import Ingest
import Logging
import NIOCore
import TestSupport
import Testing
import WebhookModel

/// Producers on the same machine: a socket in the file system.
@Suite(.timeLimit(.minutes(5))) struct UnixSocketTests {
    private let folder = TemporaryDirectory()
    private var path: String { folder.path + "/ingest.sock" }

    private func start(_ configure: (inout IngestConfiguration) -> Void = { _ in }) async throws -> (IngestServer, Int)
    {
        var configuration = IngestConfiguration()
        configuration.port = 0
        configuration.unixSocket = path
        configuration.sweepMilliseconds = 5
        configuration.lingerMilliseconds = 100
        configure(&configuration)
        let server = IngestServer(
            configuration: configuration, access: SessionDriver.access(), intake: QueueDouble(.answers).port,
            logger: Logger(label: "test") { _ in LogLines() })
        return (server, try await server.start())
    }

    private func producer() async throws -> TestProducer {
        let producer = try await TestProducer(to: SocketAddress(unixDomainSocketPath: path))
        try await producer.sayHello()
        #expect(try await producer.replies(2) == ["preface", "WELCOME 1"])
        return producer
    }

    private func status() -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    @Test func bothListenersServe() async throws {
        let (server, port) = try await start()
        let local = try await producer()
        try await local.send(SessionDriver.publish(1))
        #expect(try await local.replies(1) == ["ACK 1 ACCEPTED"])
        _ = try await TestProducer.welcomed(port: port)
        #expect(status()?.st_mode == S_IFSOCK | 0o660)
        await server.shutdown()
        #expect(status() == nil, "the file stays behind")
    }

    @Test func theSocketMayBeTheOnlyListener() async throws {
        let (server, port) = try await start {
            $0.listensOnTCP = false
            $0.unixSocketMode = 0o600
        }
        #expect(port == 0)
        _ = try await producer()
        #expect(status()?.st_mode == S_IFSOCK | 0o600)
        await server.shutdown()
    }

    @Test func aStaleSocketIsReplaced() async throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafeBytes(of: &address) { bytes in
            bind(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        #expect(bound == 0 && status() != nil)
        close(descriptor)
        let (server, _) = try await start()
        _ = try await producer()
        await server.shutdown()
    }

    @Test func anotherServersSocketIsLeftAlone() async throws {
        let (first, _) = try await start()
        await #expect {
            _ = try await start()
        } throws: {
            "\($0)".contains(path) && "\($0)".contains("another process listens on it")
        }
        _ = try await producer()
        await first.shutdown()
    }

    @Test func anotherFileIsLeftAlone() async throws {
        fclose(fopen(path, "w"))
        await #expect {
            _ = try await start()
        } throws: {
            "\($0)".contains("another file has this name")
        }
        #expect((status()?.st_mode ?? 0) & S_IFMT == S_IFREG)
    }
}
