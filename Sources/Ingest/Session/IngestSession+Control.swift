import Threading
import WebhookModel
import WireProtocol

// Which frame goes where, and the frames that publish nothing. The only file that changes `controlFrames`.
extension IngestSession {
    /// - Parameter unread: bytes of this read from the frame's beginning on, by which the batch is sized.
    mutating func handle(_ frame: Frame, unread: Int, directory: TenantDirectory, now: Instant) {
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

    private mutating func control(_ frame: Frame, now: Instant) {
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
                // A frame type of a later version is skipped.
                break
            }
        } catch {
            fail(.protocolError, error.description, now: now)
        }
    }

    private mutating func admitControlFrame(now: Instant) -> Bool {
        let limit = rules.configuration.controlFramesPerSecond
        if controlFrames.admit(limit: limit, now: now.monotonic) { return true }
        fail(.tooManyControlFrames, "more than \(limit) frames a second that publish nothing", now: now)
        return false
    }

    /// Refuses a frame whose checksum is wrong as a whole: its content is unknown.
    mutating func answerCorrupt(_ frame: Frame, now: Instant) {
        if frame.header.type == .publish {
            tally.corruptFrames += 1
            guard admitControlFrame(now: now) else { return }
        }
        answerAll(frame.header.requestID, count: 0, EventAnswer(.corrupt))
    }
}
