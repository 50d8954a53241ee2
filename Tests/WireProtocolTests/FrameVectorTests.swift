import NIOCore
import TestSupport
import Testing
import WebhookModel
import WireProtocol

/// The vectors of whole frames: read to the fields they name, and written back to the same bytes.
@Suite struct FrameVectorTests {
    @Test(arguments: FrameVector.all(.frame) + FrameVector.all(.later))
    func decodesToItsFields(_ vector: FrameVector) throws {
        let fields = try #require(vector.meaning.fields)
        try vector.bytes.withUnsafeBytes { bytes in
            let frame = try wholeFrame(in: bytes)
            #expect(frame.header.requestID == vector.meaning.requestId)
            #expect(frame.isIntact)
            #expect(frame.byteCount == bytes.count)
            switch vector.meaning.type {
            case "HELLO": try expectHello(Hello(decoding: frame.body), fields)
            case "WELCOME": try expectWelcome(Welcome(decoding: frame.body), fields)
            case "PUBLISH": try expectPublish(frame.body, fields)
            case "ACK": try expectAck(Ack(decoding: frame.body), fields)
            case "PING":
                #expect(try Ping(decoding: frame.body) == ping(fields))
            case "PONG":
                let pong = Pong(ping: ping(fields), receivedAt: fields.receivedAt!, answeredAt: fields.answeredAt!)
                #expect(try Pong(decoding: frame.body) == pong)
            case "GOAWAY":
                let goAway = GoAway(
                    graceMilliseconds: fields.graceMs!, spreadMilliseconds: fields.spreadMs!, reason: fields.reason!)
                #expect(try GoAway(decoding: frame.body) == goAway)
            case "CLOSE":
                let close = Close(ProtocolStatus(rawValue: fields.status!), text: fields.text!)
                #expect(try Close(decoding: frame.body) == close)
            default:
                #expect(frame.header.type == nil && frame.header.typeByte >= FrameType.firstSkippable)
            }
        }
    }

    // Appended fields are of a later version: we do not write them. Skipped types neither.
    @Test(
        arguments: FrameVector.all(.frame).filter {
            !$0.name.hasSuffix("-appended") && !$0.name.hasPrefix("frame-skipped")
        })
    func encodesToTheSameBytes(_ vector: FrameVector) throws {
        var output = ByteBuffer()
        try vector.bytes.withUnsafeBytes { bytes in
            let frame = try wholeFrame(in: bytes)
            let id = frame.header.requestID
            switch frame.header.type! {
            case .hello: try Hello(decoding: frame.body).write(to: &output, requestID: id)
            case .welcome: try Welcome(decoding: frame.body).write(to: &output, requestID: id)
            case .ack: try Ack(decoding: frame.body).write(to: &output, requestID: id)
            case .ping: try Ping(decoding: frame.body).write(to: &output, requestID: id)
            case .pong: try Pong(decoding: frame.body).write(to: &output, requestID: id)
            case .goAway: try GoAway(decoding: frame.body).write(to: &output, requestID: id)
            case .close: try Close(decoding: frame.body).write(to: &output, requestID: id)
            case .publish: output = publish(vector.meaning.fields!.events!, requestID: id)
            }
        }
        #expect(Hex.text(output.readableBytesView) == Hex.text(vector.bytes))
    }

    @Test(arguments: FrameVector.all(.frame))
    func everySplitPointAsksForMore(_ vector: FrameVector) throws {
        let decoder = FrameDecoder(bodyLimit: 1 << 20)
        for split in 0..<vector.bytes.count {
            try vector.bytes[..<split].withUnsafeBytes { bytes in
                guard case .needs(let total) = try decoder.next(in: bytes) else {
                    Issue.record("a frame from the first \(split) bytes")
                    return
                }
                #expect(total > split && total <= vector.bytes.count)
            }
        }
    }

    @Test(arguments: FrameVector.all(.frame))
    func everyFlippedBitIsDetected(_ vector: FrameVector) {
        let decoder = FrameDecoder(bodyLimit: 1 << 20)
        var bytes = vector.bytes
        for bit in 0..<bytes.count * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8)
            defer { bytes[bit / 8] ^= 1 << (bit % 8) }
            bytes.withUnsafeBytes { bytes in
                do throws(FrameError) {
                    guard case .frame(let frame) = try decoder.next(in: bytes) else {
                        Issue.record("bit \(bit) made the frame longer")
                        return
                    }
                    #expect(!frame.isIntact && bit >= FrameHeader.byteCount * 8, "bit \(bit) went unnoticed")
                } catch {
                    #expect(error == .headerCorrupt && bit < FrameHeader.byteCount * 8)
                }
            }
        }
    }

    private func wholeFrame(in bytes: UnsafeRawBufferPointer) throws -> Frame {
        guard case .frame(let frame) = try FrameDecoder(bodyLimit: 1 << 20).next(in: bytes) else {
            throw BrokenVector()
        }
        return frame
    }
    private struct BrokenVector: Error {}

    // MARK: Fields

    private func ping(_ fields: FrameVector.Fields) -> Ping {
        Ping(opaque: UInt64(fields.opaque!, radix: 16)!, sentAt: fields.sentAt!)
    }

    private func expectHello(_ hello: Hello, _ fields: FrameVector.Fields) throws {
        #expect(hello.minorVersion == fields.minorVersion)
        #expect(hello.features == fields.features)
        #expect(hello.apiKey == fields.apiKey)
        #expect(hello.clientName == fields.clientName)
    }

    private func expectWelcome(_ welcome: Welcome, _ fields: FrameVector.Fields) throws {
        #expect(welcome.minorVersion == fields.minorVersion)
        #expect(welcome.features == fields.features)
        #expect(welcome.frameBytes == fields.frameBytes)
        #expect(welcome.eventBytes == fields.eventBytes)
        #expect(welcome.eventsPerFrame == fields.eventsPerFrame)
        #expect(welcome.windowEvents == fields.windowEvents)
        #expect(welcome.windowBytes == fields.windowBytes)
        #expect(welcome.idleTimeoutMilliseconds == fields.idleTimeoutMs)
        #expect(welcome.dedupWindowSeconds == fields.dedupWindowS)
        #expect(welcome.durability.rawValue == fields.durability)
        #expect(welcome.serverID == fields.serverId)
        #expect(welcome.serverVersion == fields.serverVersion)
    }

    private func expectAck(_ ack: Ack, _ fields: FrameVector.Fields) throws {
        #expect(ack.commit == fields.commit)
        #expect(ack.count == fields.count)
        let expected = (fields.answers ?? []).map { EventAnswer(.init(rawValue: UInt16($0[0])), retryAfter: $0[1]) }
        switch fields.form {
        case 0: #expect(ack.answers == .allAccepted)
        case 1:
            #expect(ack.answers == .each(expected))
            for index in expected.indices { #expect(ack[index] == expected[index]) }
        default: #expect(ack.answers == .all(expected[0]))
        }
    }

    private func expectPublish(_ body: UnsafeRawBufferPointer, _ fields: FrameVector.Fields) throws {
        let publish = try PublishBody(checking: body, eventLimit: 8_192)
        var expected = fields.events![...]
        publish.forEachRecord { range in
            let bytes = UnsafeRawBufferPointer(rebasing: publish.records[range])
            guard case .success(let record) = EventRecord.parse(bytes), let event = expected.popFirst() else {
                Issue.record("a record that is refused, or one too many")
                return
            }
            #expect(String(record.id.webhookID.dropFirst(4)) == event.id)
            #expect(record.occurredAt == event.occurredAt && record.deliverAt == event.deliverAt)
            #expect(bytes[record.tenant.range].elementsEqual(event.tenant.utf8))
            #expect(bytes[record.type.range].elementsEqual(event.type.utf8))
            #expect(bytes[record.correlationID.range].elementsEqual(event.correlationId.utf8))
            #expect(bytes[record.orderingKey.range].elementsEqual(event.orderingKey.utf8))
            #expect(bytes[record.contentType.range].elementsEqual(event.contentType.utf8))
            #expect(Int(record.attributeCount) == event.attributes.count)
            #expect(Hex.text(bytes[record.payload.range]) == event.payload)
        }
        #expect(expected.isEmpty)
    }

    private func publish(_ events: [FrameVector.Event], requestID: UInt64) -> ByteBuffer {
        var writer = PublishFrameWriter(appendingTo: ByteBuffer(), frameBytes: 1 << 20, eventLimit: 8_192)
        for event in events {
            var outgoing = OutgoingEvent(
                id: EventID(webhookID: Array("evt_\(event.id)".utf8))!, tenant: event.tenant, type: event.type,
                payload: Hex.bytes(event.payload))
            outgoing.occurredAt = event.occurredAt
            outgoing.deliverAt = event.deliverAt
            outgoing.correlationID = event.correlationId
            outgoing.orderingKey = event.orderingKey
            outgoing.contentType = event.contentType
            outgoing.attributes = event.attributes.map { .init(name: $0[0], value: $0[1]) }
            let fits = writer.append(outgoing)
            #expect(fits)
        }
        return writer.finish(requestID: requestID)
    }
}
