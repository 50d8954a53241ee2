import IngestClient
import MockReceiver
import NIOCore
import NIOPosix
import TestSupport
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    /// The server closes a connection with invalid bytes, and the other connections continue.
    @Suite struct InvalidConnectionsTests {
        enum Connection: String, CaseIterable {
            case garbage, http, tls, oversizeHello, oversizePublish, brokenHeader, silenceAfterPreface

            /// What the client sends; then it sends no more.
            var bytes: [UInt8] {
                switch self {
                case .garbage:
                    var random = SeededRandom(seed: 7)
                    return (0..<4_096).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                case .http: return Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
                case .tls: return [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
                case .oversizeHello: return Preface.bytes + Connection.header(.hello)
                case .oversizePublish:
                    var hello = ByteBuffer()
                    Hello(apiKey: ProvisioningFile.key, clientName: "invalid").write(to: &hello, requestID: 0)
                    return Preface.bytes + Array(hello.readableBytesView) + Connection.header(.publish)
                case .brokenHeader:
                    return Preface.bytes + Connection.header(.hello).map { $0 ^ 0x55 }
                case .silenceAfterPreface: return Preface.bytes
                }
            }

            /// A header that promises four gigabytes, its checksum right.
            private static func header(_ type: FrameType) -> [UInt8] {
                var header = FrameHeader(type: type, requestID: 1, body: UnsafeRawBufferPointer(start: nil, count: 0))
                header.bodyLength = .max
                var bytes = [UInt8](repeating: 0, count: FrameHeader.byteCount)
                bytes.withUnsafeMutableBytes { header.write(to: $0) }
                return bytes
            }
        }

        @Test func `invalid connections are closed, and other producers are not affected`() async throws {
            try await withReceiver { receiver in
                var installation = try Installation(ProvisioningFile(.init(url: receiver.url("/in"))))
                installation.settings = ["NEEDLETAIL_INGEST_HELLO_TIMEOUT": "500ms"]
                let server = try await installation.start()
                let before = try await server.connect()
                for (index, connection) in Connection.allCases.enumerated() {
                    let answer = try await InvalidConnectionsTests.call(on: server.port, sending: connection.bytes)
                    if connection == .oversizeHello || connection == .oversizePublish {
                        #expect(InvalidConnectionsTests.close(in: answer)?.status == .frameTooLarge, "\(connection)")
                    }
                    #expect(
                        try await before.publish(Events.event(UInt64(2 * index + 1))).isStored, "after \(connection)")
                    let after = try await server.connect()
                    #expect(
                        try await after.publish(Events.event(UInt64(2 * index + 2))).isStored, "after \(connection)")
                    await after.close()
                }
                let ids = (1...UInt64(2 * Connection.allCases.count)).map(Events.id)
                #expect(await receiver.missing(ids, path: "/in") == [])
                try await server.stop()
            }
        }

        /// Sends bytes, never closes, and returns what arrived until the server closed the connection.
        private static func call(on port: Int, sending bytes: [UInt8]) async throws -> [UInt8] {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            let answer = Watched<[UInt8]>([])
            do {
                try await channel.executeThenClose { inbound, outbound in
                    try await outbound.write(ByteBuffer(bytes: bytes))
                    for try await buffer in inbound { answer.change { $0 += Array(buffer.readableBytesView) } }
                }
            } catch is IOError {
                // A reset is an end too.
            }
            return answer.value
        }

        private static func close(in answer: [UInt8]) -> Close? {
            guard answer.starts(with: Preface.bytes) else { return nil }
            var buffer = ByteBuffer(bytes: answer.dropFirst(Preface.bytes.count))
            var close: Close?
            try? FrameDecoder(bodyLimit: 1 << 20).readFrames(from: &buffer) { frame in
                if frame.header.type == .close { close = try? Close(decoding: frame.body) }
                return true
            }
            return close
        }
    }
}
