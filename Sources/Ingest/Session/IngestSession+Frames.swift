import WebhookModel
import WireProtocol

// What each frame type does.
extension IngestSession {
    /// - Parameter unread: bytes of this read from the frame's beginning on, by which the batch is sized.
    mutating func handle(_ frame: Frame, unread: Int, directory: TenantDirectory, now: Moment) {
        guard phase == .open else { return handleFirst(frame, directory: directory, now: now) }
        switch frame.header.type {
        case .publish:
            publish(frame, unread: unread, now: now)
        case .hello:
            fail(.protocolError, "a second HELLO", now: now)
        case .welcome, .ack, .goAway:
            fail(.protocolError, "frame type \(frame.header.typeByte) comes from servers only", now: now)
        case .ping, .pong, .close, nil:
            control(frame, now: now)
        }
    }

    // MARK: HELLO

    private mutating func handleFirst(_ frame: Frame, directory: TenantDirectory, now: Moment) {
        guard frame.header.type == .hello else {
            return fail(.protocolError, "the first frame is of type \(frame.header.typeByte), not HELLO", now: now)
        }
        guard frame.isIntact else { return fail(.corrupt, "the checksum of HELLO is wrong", now: now) }
        do throws(BodyError) {
            welcome(try Hello(decoding: frame.body), requestID: frame.header.requestID, directory: directory, now: now)
        } catch {
            fail(.protocolError, "HELLO: \(error)", now: now)
        }
    }

    private mutating func welcome(_ hello: Hello, requestID: UInt64, directory: TenantDirectory, now: Moment) {
        switch authenticate(hello, directory: directory, now: now) {
        case .failure(let refusal): refuse(hello, refusal, now: now)
        case .success(let opened):
            guard drain == nil else { return finish(Close(.draining, text: "the server is shutting down"), now: now) }
            tally.authenticated += 1
            gate = opened
            decoder.bodyLimit = rules.configuration.frameBytes
            phase = .open
            rules.configuration.welcome.write(to: &output, requestID: requestID)
        }
    }

    // MARK: PUBLISH

    private mutating func publish(_ frame: Frame, unread: Int, now: Moment) {
        guard frame.isIntact else { return answerCorrupt(frame, now: now) }
        do throws(PublishBody.Failure) {
            let body = try PublishBody(checking: frame.body, eventLimit: rules.configuration.eventsPerFrame)
            take(body, requestID: frame.header.requestID, unread: unread, now: now)
        } catch {
            switch error {
            case .broken(let error):
                fail(.protocolError, error.description, now: now)
            case .tooMany(let count):
                let limit = rules.configuration.eventsPerFrame
                fail(.frameTooLarge, "a PUBLISH of \(count) events; the limit is \(limit)", now: now)
            }
        }
    }

    private mutating func take(_ body: PublishBody, requestID: UInt64, unread: Int, now: Moment) {
        tally.publishFrames += 1
        tally.events += body.count
        guard drain == nil else {
            tally.answeredRetryable += body.count
            return answerAll(requestID, count: body.count, EventAnswer(.draining))
        }
        let configuration = rules.configuration
        window.add(events: body.count, bytes: 4 + body.records.count)
        guard window.events <= configuration.windowEvents, window.bytes <= configuration.windowBytes else {
            window.remove(events: body.count, bytes: 4 + body.records.count)
            return fail(.windowExceeded, "more unacknowledged than the window announced in WELCOME", now: now)
        }
        if gathered.isEmpty { gathered.reserve(bytes: unread, events: body.count) }
        gathered.append(
            body, requestID: requestID, gate: &gate!, payloadLimit: configuration.payloadBytes,
            wallMilliseconds: now.wallMilliseconds)
    }

    // MARK: Control frames

    private mutating func control(_ frame: Frame, now: Moment) {
        guard admitControlFrame(now: now) else { return }
        guard frame.isIntact else { return answerCorrupt(frame, now: now) }
        do throws(BodyError) {
            switch frame.header.type {
            case .ping:
                let pong = Pong(ping: try Ping(decoding: frame.body), receivedAt: now.wall, answeredAt: now.wall)
                pong.write(to: &output, requestID: frame.header.requestID)
            case .pong:
                _ = try Pong(decoding: frame.body)
            case .close:
                _ = try Close(decoding: frame.body)
                finish(nil, now: now)
            default:
                // A later version's frame: skipped.
                break
            }
        } catch {
            fail(.protocolError, error.description, now: now)
        }
    }

    private mutating func admitControlFrame(now: Moment) -> Bool {
        let limit = rules.configuration.controlFramesPerSecond
        if controlFrames.admit(limit: limit, now: now.monotonic) { return true }
        fail(.tooManyControlFrames, "more than \(limit) frames a second that publish nothing", now: now)
        return false
    }

    /// Refuses a frame whose body cannot be believed, as a whole: what it held is unknown.
    private mutating func answerCorrupt(_ frame: Frame, now: Moment) {
        if frame.header.type == .publish {
            tally.corruptFrames += 1
            guard admitControlFrame(now: now) else { return }
        }
        answerAll(frame.header.requestID, count: 0, EventAnswer(.corrupt))
    }
}
