import NIOCore
import NIOSSL
import NIOTLS
import WebhookModel

/// The shell of a session: joins its channel, the loop and the queue, and decides nothing.
final class IngestConnection: ChannelInboundHandler, @unchecked Sendable {
    // Unchecked: reached on its event loop only. Batches carry it through the queue untouched, as their source.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: IngestLoop
    private let address: String
    private let isAdmitted: Bool
    private var session: IngestSession
    private var context: ChannelHandlerContext?
    /// Refused by a full queue; waits for room.
    private var held: EventBatch?
    private var inputClosed = false
    private var countsAsAuthenticated = false
    /// Has receipts of the current delivery to write.
    private var isTouched = false

    init(loop: IngestLoop, address: String, isAdmitted: Bool) {
        self.loop = loop
        self.address = address
        self.isAdmitted = isAdmitted
        session = IngestSession(rules: loop.rules, now: .now())
    }

    // MARK: Channel events

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
        if !isAdmitted {
            session.refuseAdmission(now: .now())
        } else if let grace = loop.drainGrace {
            session.beginDraining(graceMilliseconds: grace, now: .now())
        }
        perform(now: .now())
        readOn()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let now = Moment.now()
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { bytes in
            session.receive(bytes, now: now, directory: loop.tenants())
        }
        loop.readBuffer.giveBack(buffer)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let now = Moment.now()
        offerGathered(now: now)
        perform(now: now)
        readOn()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        session.outputIsBlocked(!context.channel.isWritable, now: .now())
        readOn()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent {
            inputClosed = true
            let now = Moment.now()
            session.inputEnded(now: now)
            perform(now: now)
        } else if case .some(.handshakeCompleted) = event as? TLSUserEvent {
            let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            session.clientCertificate = try? tls?.peerCertificate?.toDERBytes()
        }
        context.fireUserInboundEventTriggered(event)
    }

    // Comes with every end, also that of a channel that never became active.
    func handlerRemoved(context: ChannelHandlerContext) {
        held = nil
        self.context = nil
        flushTally(closed: true)
        loop.remove(self)
        if isAdmitted { loop.admission.leave(address: address, wasAuthenticated: countsAsAuthenticated) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The end of input follows as an event.
        if TLSPort.isTruncation(error) { return }
        if let reason = TLSPort.handshakeFailure(error) {
            loop.handshakeFailed(reason, peer: address)
        }
        // Else a reset or a broken pipe: the peer is gone, and resends what it has no answer for.
        context.close(promise: nil)
    }

    // MARK: The queue

    private func offerGathered(now: Moment) {
        guard let events = session.takeEvents(now: now) else { return }
        let batch = EventBatch(source: self, receipts: loop.receipts)
        batch.bytes = events.bytes
        batch.drafts = events.drafts
        batch.groups = events.groups
        if !offer(batch) {
            held = batch
            session.hold()
        }
    }

    private func offer(_ batch: EventBatch) -> Bool {
        let eventLoop = loop.eventLoop
        return loop.intake.offer(batch) { eventLoop.execute { self.offerHeld() } }
    }

    private func offerHeld() {
        guard let batch = held, context != nil, offer(batch) else { return }
        held = nil
        session.release(now: .now())
        readOn()
    }

    /// Takes a receipt. True: the first of this delivery, so the caller owes a `perform`.
    func acknowledge(_ batch: EventBatch, now: Moment) -> Bool {
        guard context != nil else { return false }
        session.acknowledge(batch, now: now)
        defer { isTouched = true }
        return !isTouched
    }

    // MARK: Time

    func sweep(now: Moment, directory: TenantDirectory) {
        session.review(directory, now: now)
        session.sweep(now: now)
        perform(now: now)
    }

    func beginDraining(graceMilliseconds: Int64, now: Moment) {
        session.beginDraining(graceMilliseconds: graceMilliseconds, now: now)
        perform(now: now)
    }

    // MARK: The session's wishes

    /// Does what the session asks for: log, output, ending.
    func perform(now: Moment) {
        isTouched = false
        guard let context else { return }
        for notice in session.takeNotices() { loop.log(notice.text, peer: address, now: now) }
        flushTally(closed: false)
        if session.isAuthenticated, !countsAsAuthenticated {
            countsAsAuthenticated = true
            loop.admission.authenticated(address: address)
        }
        let output = session.takeOutput()
        guard let ending = session.takeEnding() else {
            if let output { context.writeAndFlush(wrapOutboundOut(output), promise: nil) }
            return
        }
        end(ending, after: output, in: context)
    }

    private func end(_ ending: IngestSession.Ending, after output: ByteBuffer?, in context: ChannelHandlerContext) {
        guard ending != .abort else { return context.close(promise: nil) }
        let written = context.eventLoop.makePromise(of: Void.self)
        // Even an empty write comes after all earlier ones.
        context.writeAndFlush(wrapOutboundOut(output ?? ByteBuffer()), promise: written)
        let everything = ending == .close || inputClosed
        written.futureResult.assumeIsolated().whenComplete { [self] _ in
            session.goodbyeIsOut(now: .now())
            self.context?.close(mode: everything ? .all : .output, promise: nil)
            readOn()
        }
    }

    private func readOn() {
        if session.wantsRead, !inputClosed { context?.read() }
    }

    private func flushTally(closed: Bool) {
        var tally = session.takeTally()
        if closed { tally.connectionsClosed = 1 }
        loop.count(tally)
    }
}
