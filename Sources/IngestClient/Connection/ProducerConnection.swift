import Glibc
public import NIOCore
public import WireProtocol

/// The user of an `ProducerConnection`. Its methods are called on the connection's event loop, without a Task or a
/// closure per frame.
public protocol ProducerConnectionOwner: AnyObject, Sendable {
    /// A PUBLISH frame was acknowledged. `token` is what `send` was given; `count` is the number of events in the
    /// frame.
    func connection(_ connection: ProducerConnection, acknowledged ack: Ack, token: UInt64, count: Int)
    /// The server will close: publish nothing new. Answers still come during the grace time.
    func connection(_ connection: ProducerConnection, wasAskedToLeave request: GoAway)
    /// The connection ended. Called once. Frames without an answer (`unanswered`) are in doubt: send them again with
    /// the same ids.
    func connection(_ connection: ProducerConnection, endedBy error: IngestError)
}

/// One connection to a server, for callers that run on its event loop and send many events.
///
/// Confined to `eventLoop`: every call and every property. It tracks the window and matches ACKs. The caller checks
/// `roomEvents` and `roomBytes` before it sends, fills a frame, and flushes once per turn. For ordinary use see
/// `EventPublisher`.
public final class ProducerConnection: @unchecked Sendable {
    // Unchecked: confined to `eventLoop`.
    enum State { case awaitingPreface, awaitingWelcome, open, ended }

    public let eventLoop: any EventLoop
    private let settings: ConnectionSettings
    private let channel: any Channel
    private let opened: EventLoopPromise<ProducerConnection>
    private var owner: (any ProducerConnectionOwner)?
    private var state = State.awaitingPreface
    private var decoder = FrameDecoder(bodyLimit: 64 * 1024)
    private var window = FlightWindow(eventLimit: 0, byteLimit: 0)
    private var terms: Welcome?
    private var pings: [UInt64: EventLoopPromise<Pong>] = [:]
    private var nextPing: UInt64 = 1
    private var deadline: Scheduled<Void>?
    private var keepAlive: RepeatedTask?
    private var wroteSinceTick = false
    private var heardSinceTick = false
    private var silentTicks = 0
    /// The server sent GOAWAY: it answers DRAINING to anything new.
    public private(set) var isLeaving = false

    init(
        channel: any Channel, settings: ConnectionSettings, owner: any ProducerConnectionOwner,
        opened: EventLoopPromise<ProducerConnection>
    ) {
        self.channel = channel
        self.settings = settings
        self.owner = owner
        self.opened = opened
        eventLoop = channel.eventLoop
    }

    /// What the server announced.
    public var welcome: Welcome { terms! }  // A connection is handed out only after its WELCOME.

    public var isOpen: Bool { state == .open }

    /// Events and bytes of PUBLISH bodies that may be sent before the next ACK.
    public var roomEvents: Int { window.roomEvents }
    public var roomBytes: Int { window.roomBytes }

    /// Events that wait for their answer.
    public var eventsInFlight: Int { window.events }

    /// The frames without an answer, in the order sent: the caller's token and the number of events.
    public var unanswered: [(token: UInt64, events: Int)] { window.unanswered }

    // MARK: Sending

    /// An empty frame within the server's limits. Append events, then `send` it.
    public func makeFrame(byteCapacity: Int = 0) -> PublishFrameWriter {
        PublishFrameWriter(
            appendingTo: channel.allocator.buffer(capacity: byteCapacity + 64), frameBytes: Int(welcome.frameBytes),
            eventLimit: Int(welcome.eventsPerFrame))
    }

    /// Sends a frame; it leaves with the next `flush`. The caller must have checked that the window has space for it,
    /// because the server closes a connection that exceeds its window.
    ///
    /// - Parameter token: the caller's identifier of the frame, passed back with its answer.
    public func send(_ frame: consuming PublishFrameWriter, token: UInt64) {
        eventLoop.preconditionInEventLoop()
        let flight = FlightWindow.Flight(token: token, events: frame.count, bytes: frame.bodyBytes)
        let requestID = window.depart(flight)
        wroteSinceTick = true
        channel.write(frame.finish(requestID: requestID), promise: nil)
    }

    /// Writes everything sent to the socket.
    public func flush() { channel.flush() }

    /// Asks for the server's clock. The future fails if the connection ends first.
    public func ping() -> EventLoopFuture<Pong> {
        eventLoop.preconditionInEventLoop()
        let promise = eventLoop.makePromise(of: Pong.self)
        guard state == .open else {
            promise.fail(IngestError.finished)
            return promise.futureResult
        }
        pings[nextPing] = promise
        write(Ping(opaque: nextPing, sentAt: wallClock()))
        nextPing += 1
        return promise.futureResult
    }

    /// Sends CLOSE and closes. The owner gets `finished`.
    public func close() {
        eventLoop.preconditionInEventLoop()
        guard state != .ended else { return }
        if state == .open { write(Close(.accepted, text: "done")) }
        end(.finished)
    }

    private func write(_ message: some Message) {
        var buffer = channel.allocator.buffer(capacity: 128)
        message.write(to: &buffer)
        wroteSinceTick = true
        channel.writeAndFlush(buffer, promise: nil)
    }

    // MARK: Called by the handler

    func connected() {
        var greeting = channel.allocator.buffer(bytes: Preface.bytes)
        Hello(apiKey: settings.apiKey, clientName: settings.clientName).write(to: &greeting)
        channel.writeAndFlush(greeting, promise: nil)
        let limit = settings.welcomeMilliseconds
        deadline = eventLoop.scheduleTask(in: .milliseconds(limit)) { [weak self] in
            self?.end(.timedOut(waitingFor: "WELCOME from \(self?.settings.address ?? "")", milliseconds: limit))
        }
    }

    /// Takes received bytes; leaves an incomplete tail in the buffer.
    func received(_ buffer: inout ByteBuffer) {
        heardSinceTick = true
        if state == .awaitingPreface {
            switch buffer.withUnsafeReadableBytes(Preface.check) {
            case .incomplete: return
            case .complete:
                buffer.moveReaderIndex(forwardBy: Preface.bytes.count)
                state = .awaitingWelcome
            case .otherVersion(let version):
                return end(.otherVersion(version, address: settings.address))
            case .foreign: return end(.notNeedletail(address: settings.address))
            }
        }
        do {
            try decoder.readFrames(from: &buffer) { frame in
                take(frame)
                return state != .ended
            }
        } catch {
            end(.broken(reason: error.description))
        }
    }

    /// TLS failed before it was established.
    func refusedByTLS(_ reason: String) { end(.tlsFailed(address: settings.address, reason: reason)) }

    /// The channel was closed without an error.
    func disconnected(_ reason: String) {
        switch state {
        case .awaitingPreface:
            end(.lost(reason: "\(settings.address) closed it before sending anything"))
        default: end(.lost(reason: reason))
        }
    }

    // MARK: Frames

    private func take(_ frame: Frame) {
        guard frame.isIntact else { return end(.broken(reason: "the checksum of a frame body is wrong")) }
        do throws(BodyError) {
            switch (frame.header.type, state) {
            case (.welcome, .awaitingWelcome): open(try Welcome(decoding: frame.body))
            case (.close, _):
                let close = try Close(decoding: frame.body)
                end(.closed(close.status, text: close.text))
            case (.ack, .open): acknowledge(try Ack(decoding: frame.body), requestID: frame.header.requestID)
            case (.ping, .open):
                let now = wallClock()
                write(Pong(ping: try Ping(decoding: frame.body), receivedAt: now, answeredAt: now))
            case (.pong, .open):
                let pong = try Pong(decoding: frame.body)
                pings.removeValue(forKey: pong.ping.opaque)?.succeed(pong)
            case (.goAway, .open):
                isLeaving = true
                owner?.connection(self, wasAskedToLeave: try GoAway(decoding: frame.body))
            case (nil, _): break
            case (let type?, _): end(.broken(reason: "an unexpected frame of type \(type)"))
            }
        } catch {
            end(.broken(reason: error.description))
        }
    }

    private func open(_ welcome: Welcome) {
        terms = welcome
        // An ACK has a few bytes per event. All other frames of a server are short.
        decoder.bodyLimit = max(64 * 1024, Int(welcome.eventsPerFrame) * EventAnswer.byteCount + 64)
        window = FlightWindow(
            eventLimit: min(Int(welcome.windowEvents), settings.windowEvents),
            byteLimit: Int(clamping: welcome.windowBytes))
        state = .open
        deadline?.cancel()
        let interval = TimeAmount.milliseconds(tickMilliseconds)
        keepAlive = eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
            self?.tick()
        }
        opened.succeed(self)
    }

    // If we send nothing, the server closes the connection. If the server sends nothing while answers are due, it is
    // gone without a reset.
    private func tick() {
        silentTicks = heardSinceTick || pings.isEmpty && window.events == 0 ? 0 : silentTicks + 1
        heardSinceTick = false
        guard silentTicks < 2 else {
            return end(.timedOut(waitingFor: "answer from \(settings.address)", milliseconds: 2 * tickMilliseconds))
        }
        if !wroteSinceTick { _ = ping() }
        wroteSinceTick = false
    }

    /// Three ticks in the time after which the server closes an idle connection.
    private var tickMilliseconds: Int64 { max(1_000, Int64(welcome.idleTimeoutMilliseconds) / 3) }

    private func acknowledge(_ ack: Ack, requestID: UInt64) {
        guard let flight = window.land(requestID) else {
            return end(.broken(reason: "an ACK for request \(requestID), which is not waiting for one"))
        }
        // A single answer for a frame that could not be read has no count.
        if case .all = ack.answers, ack.count == 0 {
        } else if Int(ack.count) != flight.events {
            return end(.broken(reason: "an ACK for \(ack.count) events of a frame of \(flight.events)"))
        }
        owner?.connection(self, acknowledged: ack, token: flight.token, count: flight.events)
    }

    private func end(_ error: IngestError) {
        guard state != .ended else { return }
        let wasOpen = state == .open
        state = .ended
        deadline?.cancel()
        keepAlive?.cancel()
        channel.close(promise: nil)
        for promise in pings.values { promise.fail(error) }
        pings.removeAll()
        if wasOpen { owner?.connection(self, endedBy: error) } else { opened.fail(error) }
        owner = nil
    }
}

/// Unix nanoseconds, for PING and PONG.
private func wallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
