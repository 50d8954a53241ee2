import IngestClient
import NIOCore
import NIOPosix
import TestSupport
import Testing
import WebhookModel
import WireProtocol

@Suite("How a connection begins and ends", .timeLimit(.minutes(5)))
struct ProducerConnectionTests {
    private func failure(
        preface: [UInt8] = Preface.bytes, welcomeMilliseconds: Int64 = 10_000, script: @escaping FrameServer.Script
    ) async throws -> IngestError {
        let server = try await FrameServer.start(preface: preface, script: script)
        var settings = ConnectionSettings.test(port: server.port)
        settings.welcomeMilliseconds = welcomeMilliseconds
        do {
            let publisher = try await EventPublisher.connect(settings)
            await publisher.close()
            throw Unexpected(error: nil)
        } catch let error as IngestError {
            try await server.stop()
            return error
        }
    }

    @Test("a wrong key is reported as such")
    func wrongKey() async throws {
        let error = try await failure { peer, _ in
            peer.send(Close(.authFailed, text: ""))
            peer.drop()
        }
        #expect(error == .closed(.authFailed, text: ""))
        #expect(error.description.contains("API key"))
    }

    @Test("no server listens")
    func refused() async throws {
        // A port that was free a moment ago.
        let server = try await FrameServer.start { _, _ in }
        let port = server.port
        try await server.stop()
        let error = await #expect(throws: IngestError.self) { try await EventPublisher.connect(.test(port: port)) }
        #expect(error == .unreachable(address: "127.0.0.1:\(port)", reason: "connection refused"))
    }

    @Test("another protocol answers")
    func otherProtocol() async throws {
        let error = try await failure(preface: Array("HTTP/1.1 400 Bad Request\r\n".utf8)) { _, _ in }
        guard case .notNeedletail = error else { throw Unexpected(error: error) }
    }

    @Test("another version answers")
    func otherVersion() async throws {
        let error = try await failure(preface: Preface.bytes.dropLast() + [2]) { _, _ in }
        guard case .otherVersion(2, _) = error else { throw Unexpected(error: error) }
    }

    @Test("the server sends no WELCOME")
    func silent() async throws {
        let error = try await failure(welcomeMilliseconds: 100) { _, _ in }
        guard case .timedOut = error else { throw Unexpected(error: error) }
    }

    @Test("an answer to an unknown request ends the connection")
    func unknownRequest() async throws {
        let server = try await FrameServer.start { peer, frame in
            if frame.header.type == .hello { return peer.send(FrameServer.welcome()) }
            peer.send(Ack(commit: 1, count: 1, answers: .allAccepted), requestID: 77)
        }
        let publisher = try await EventPublisher.connect(.once(port: server.port))
        let error = await #expect(throws: PublishError.self) { try await publisher.publish(Events.make(1)) }
        guard case .lost(.broken(let reason))? = error?.reason, reason.contains("77") else {
            throw Unexpected(error: error)
        }
        try await server.stop()
    }

    @Test("the owner is told of GOAWAY, answers and the end, with the unanswered requests")
    func owner() async throws {
        let server = try await FrameServer.start { peer, frame in
            switch frame.header.type {
            case .hello: peer.send(FrameServer.welcome())
            case .publish where frame.header.requestID == 1:
                peer.accept(frame)
                peer.send(GoAway(graceMilliseconds: 500, spreadMilliseconds: 100, reason: "deploy"))
            case .publish:
                peer.send(Close(.draining, text: "bye"))
            default: break
            }
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let owner = RecordingOwner(ended: loop.makePromise(of: IngestError.self))
        let connection = try await ProducerConnection.connect(.test(port: server.port), owner: owner, on: loop).get()
        try await loop.submit {
            for token in UInt64(10)...11 {
                var frame = connection.makeFrame()
                let fits = frame.append(Events.make(Int(token)))
                #expect(fits)
                connection.send(frame, token: token)
            }
            #expect(connection.eventsInFlight == 2)
            connection.flush()
        }.get()
        let end = try await owner.ended.futureResult.get()
        #expect(end == .closed(.draining, text: "bye"))
        try await loop.submit {
            #expect(owner.answered == [10])
            #expect(owner.goodbye == "deploy")
            #expect(connection.isLeaving)
            #expect(connection.unanswered.map(\.token) == [11])
        }.get()
        try await server.stop()
    }
}

/// Notes what it is told. Confined to its connection's loop.
private final class RecordingOwner: ProducerConnectionOwner, @unchecked Sendable {
    let ended: EventLoopPromise<IngestError>
    var answered: [UInt64] = []
    var goodbye = ""

    init(ended: EventLoopPromise<IngestError>) { self.ended = ended }

    func connection(_ connection: ProducerConnection, acknowledged ack: Ack, token: UInt64, count: Int) {
        answered.append(token)
    }
    func connection(_ connection: ProducerConnection, wasAskedToLeave request: GoAway) { goodbye = request.reason }
    func connection(_ connection: ProducerConnection, endedBy error: IngestError) { ended.succeed(error) }
}
