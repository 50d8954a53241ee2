import IngestClient
import MockReceiver
import NIOCore
import NIOPosix
import TestSupport
import Testing
import WebhookModel
import WireProtocol

extension EndToEnd {
    /// Whatever comes in at the ingest port, the server closes that connection and goes on with the others.
    @Suite struct StrangersTests {
        enum Visit: String, CaseIterable {
            case garbage, http, tls, oversizeHello, oversizePublish, brokenHeader, silenceAfterPreface

            /// What the visitor says, and whether it says no more after that.
            var bytes: [UInt8] {
                switch self {
                case .garbage:
                    var random = SeededRandom(seed: 7)
                    return (0..<4_096).map { _ in UInt8.random(in: .min ... .max, using: &random) }
                case .http: return Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
                case .tls: return [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
                case .oversizeHello: return Preface.bytes + Visit.header(.hello)
                case .oversizePublish:
                    var hello = ByteBuffer()
                    Hello(apiKey: ProvisioningFile.key, clientName: "stranger").write(to: &hello, requestID: 0)
                    return Preface.bytes + Array(hello.readableBytesView) + Visit.header(.publish)
                case .brokenHeader:
                    return Preface.bytes + Visit.header(.hello).map { $0 ^ 0x55 }
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
                for (index, visit) in Visit.allCases.enumerated() {
                    let answer = try await StrangersTests.call(on: server.port, saying: visit.bytes)
                    if visit == .oversizeHello || visit == .oversizePublish {
                        #expect(StrangersTests.close(in: answer)?.status == .frameTooLarge, "\(visit)")
                    }
                    #expect(try await before.publish(Events.event(UInt64(2 * index + 1))).isStored, "after \(visit)")
                    let after = try await server.connect()
                    #expect(try await after.publish(Events.event(UInt64(2 * index + 2))).isStored, "after \(visit)")
                    await after.close()
                }
                let ids = (1...UInt64(2 * Visit.allCases.count)).map(Events.id)
                #expect(await receiver.missing(ids, path: "/in") == [])
                try await server.stop()
            }
        }

        /// Says something, never hangs up, and returns what came until the server ended it.
        private static func call(on port: Int, saying bytes: [UInt8]) async throws -> [UInt8] {
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
