import Access
import Ingest
import NIOCore
import Testing
import Threading
import WebhookModel
import WebhookSigning
import WireProtocol

/// Drives one session without a channel or a clock: bytes and times in, replies out as short texts.
struct SessionDriver {
    static let keyDigest = SHA256Digest.of("key-of-acme".utf8)
    static let tenants = ["acme", "globex"].enumerated().map { Tenant(number: TenantNumber(UInt32($0 + 1)), name: $1) }
    static let asleep = Tenant(number: TenantNumber(9), name: "asleep", enabled: false)

    /// The key `key-of-acme` opens every tenant, unless told otherwise.
    static func key(
        _ tenants: APIKey.Tenants = .all, change: (inout APIKey.Settings) -> Void = { _ in }
    ) -> APIKey {
        var settings = APIKey.Settings(digest: keyDigest)
        change(&settings)
        return APIKey(name: "acme", tenants: tenants, settings: settings)
    }

    /// Accepts `key-of-acme` as this key, also where the directory of the test does not hold it.
    static func authenticator(_ key: APIKey = key()) -> Authenticator {
        { bytes, _ in bytes.elementsEqual("key-of-acme".utf8) ? Authentication(key: key) : nil }
    }

    /// What a server asks: the two tenants and this key.
    static func access(_ key: APIKey = key()) -> AccessControl {
        let directory = TenantDirectory(tenants: tenants, keys: [key])
        return AccessControl { directory }
    }

    var session: IngestSession
    /// 2025-06-15, the time that the vectors were written for.
    var now = Instant(monotonic: 1_000_000_000, wall: 1_750_000_000_000_000_000)
    var directory = TenantDirectory(tenants: tenants + [asleep], keys: [key()])
    /// Batches that the queue has and has not answered.
    var queued: [EventBatch] = []
    /// Whether the channel sends the output.
    var sendsOutput = true
    private var prefaceSeen = false

    init(_ configuration: IngestConfiguration = .init(), key: APIKey = key()) {
        session = IngestSession(
            rules: SessionRules(configuration: configuration, authenticate: SessionDriver.authenticator(key)), now: now)
    }

    /// Past WELCOME.
    static func opened(
        _ configuration: IngestConfiguration = .init(), key: APIKey = key(),
        at location: SourceLocation = #_sourceLocation
    ) -> SessionDriver {
        var driver = SessionDriver(configuration, key: key)
        let replies = driver.send(Preface.bytes + driver.frame(Hello(apiKey: "key-of-acme", clientName: "test"), id: 1))
        #expect(replies == ["preface", "WELCOME 1"], sourceLocation: location)
        return driver
    }

    // MARK: In

    /// One read: what the shell does with it, and the replies.
    mutating func send(_ bytes: [UInt8], readComplete: Bool = true) -> [String] {
        bytes.withUnsafeBytes { session.receive($0, now: now, directory: directory) }
        if readComplete { completeRead() }
        return replies()
    }

    mutating func completeRead() {
        if let batch = takeBatch() { queued.append(batch) }
    }

    mutating func takeBatch() -> EventBatch? {
        session.takeBatch(source: Source(), receipts: ReceiptPort { _ in }, now: now)
    }
    private final class Source: Sendable {}

    /// The queue accepts everything that waits, in one commit.
    mutating func commit(_ number: UInt64 = 1) -> [String] {
        for batch in queued {
            batch.commit = number
            batch.settle(.accepted, retryAfter: 0)
            session.acknowledge(batch, now: now)
        }
        queued = []
        return replies()
    }

    /// Lets time pass, then sweeps.
    mutating func wait(milliseconds: Int64) -> [String] {
        now.monotonic += milliseconds * 1_000_000
        now.wall += milliseconds * 1_000_000
        session.review(directory, now: now)
        session.sweep(now: now)
        return replies()
    }

    // MARK: Out

    /// The output since the last call, one text per frame: `ACK 7 ACCEPTED ACCEPTED`, `CLOSE TIMEOUT`; then the ending, if
    /// there is one.
    mutating func replies() -> [String] {
        var replies: [String] = []
        if var output = session.takeOutput() {
            if !prefaceSeen, output.readBytes(length: 8) == Preface.bytes {
                prefaceSeen = true
                replies.append("preface")
            }
            try! FrameDecoder(bodyLimit: 1 << 20).readFrames(from: &output) { frame in
                replies.append(SessionDriver.text(frame))
                return true
            }
            #expect(output.readableBytes == 0, "half a frame was put out")
        }
        if let ending = session.takeEnding() {
            if sendsOutput, ending == .halfClose { session.outputIsSent(now: now) }
            replies.append("\(ending)")
        }
        return replies
    }

    /// The output as it is.
    mutating func takeOutput() -> ByteBuffer { session.takeOutput() ?? ByteBuffer() }

    static func text(_ frame: Frame) -> String {
        let id = frame.header.requestID
        switch frame.header.type {
        case .welcome: return "WELCOME \(id)"
        case .pong: return "PONG \(id)"
        case .goAway: return "GOAWAY"
        case .close:
            let close = try! Close(decoding: frame.body)
            return "CLOSE \(close.status)"
        case .ack:
            let ack = try! Ack(decoding: frame.body)
            let answers = (0..<max(1, Int(ack.count))).map { ack[$0].status.name }
            return "ACK \(id) " + answers.joined(separator: " ")
        default: return "unexpected type \(frame.header.typeByte)"
        }
    }

    // MARK: Frames

    func frame(_ message: some Message, id: UInt64 = 0) -> [UInt8] {
        var buffer = ByteBuffer()
        message.write(to: &buffer, requestID: id)
        return Array(buffer.readableBytesView)
    }

    /// A PUBLISH of `count` events with payloads of `payload` bytes. Tenants and types are used in turn.
    static func publish(
        _ id: UInt64, count: Int = 1, tenants: [String] = ["acme"], types: [String] = ["task.completed"],
        payload: Int = 8
    ) -> [UInt8] {
        var writer = PublishFrameWriter(appendingTo: ByteBuffer(), frameBytes: 1 << 24, eventLimit: 1 << 20)
        for index in 0..<count {
            let event = OutgoingEvent(
                id: EventID(high: id, low: UInt64(index + 1)), tenant: tenants[index % tenants.count],
                type: types[index % types.count],
                payload: [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: payload))
            _ = writer.append(event)
        }
        return Array(writer.finish(requestID: id).readableBytesView)
    }
}
