import NIOCore
import NIOSSL
import NIOTLS
import Threading
import WebhookModel

/// The shell of a session: connects it with its channel, its loop and the queue. All decisions are the session's.
final class IngestConnection: ChannelInboundHandler, @unchecked Sendable {
    // Unchecked: used on its event loop only. Batches carry a reference through the queue, which does not use it.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: IngestLoop
    private let address: ClientAddress
    private let isAdmitted: Bool
    private var session: IngestSession
    private var context: ChannelHandlerContext?
    /// Refused by a full queue; waits for room there.
    private var held: EventBatch?
    private var inputClosed = false
    private var countsAsAuthenticated = false
    /// Has receipts of the current delivery to write.
    private var isTouched = false

    init(loop: IngestLoop, address: ClientAddress, isAdmitted: Bool) {
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
        let now = Instant.now()
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { bytes in
            session.receive(bytes, now: now, directory: loop.tenants())
        }
        loop.readBuffer.giveBack(buffer)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let now = Instant.now()
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
            let now = Instant.now()
            session.inputEnded(now: now)
            perform(now: now)
        } else if case .some(.handshakeCompleted) = event as? TLSUserEvent {
            let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
            session.clientCertificate = try? tls?.peerCertificate?.toDERBytes()
        }
        context.fireUserInboundEventTriggered(event)
    }

    // Called at every end, also for a channel that never became active.
    func handlerRemoved(context: ChannelHandlerContext) {
        held = nil
        self.context = nil
        flushTally(closed: true)
        loop.remove(self)
        if isAdmitted { loop.admission.leave(address.network, wasAuthenticated: countsAsAuthenticated) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The end of input follows as an event.
        if TLSPort.isTruncation(error) { return }
        if let reason = TLSPort.handshakeFailure(error) {
            loop.handshakeFailed(reason, peer: address.text)
        }
        // Otherwise a reset or a broken pipe: the peer is gone. It sends again what was not answered.
        context.close(promise: nil)
    }

    // MARK: The queue

    private func offerGathered(now: Instant) {
        guard let batch = session.takeBatch(source: self, receipts: loop.receipts, now: now) else { return }
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

    /// Takes a receipt. True: it is the first of this delivery, so the caller must call `perform`.
    func acknowledge(_ batch: EventBatch, now: Instant) -> Bool {
        guard context != nil else { return false }
        session.acknowledge(batch, now: now)
        defer { isTouched = true }
        return !isTouched
    }

    // MARK: Time

    func sweep(now: Instant, directory: TenantDirectory) {
        session.review(directory, now: now)
        session.sweep(now: now)
        perform(now: now)
    }

    func beginDraining(graceMilliseconds: Int64, now: Instant) {
        session.beginDraining(graceMilliseconds: graceMilliseconds, now: now)
        perform(now: now)
    }

    // MARK: Actions

    /// Does what the session asks for: log, output, ending.
    func perform(now: Instant) {
        isTouched = false
        guard let context else { return }
        for notice in session.takeNotices() { loop.log(notice.text, peer: address.text, now: now) }
        flushTally(closed: false)
        if session.isAuthenticated, !countsAsAuthenticated {
            countsAsAuthenticated = true
            loop.admission.authenticated(address.network)
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
        // Even an empty write completes after all earlier ones.
        context.writeAndFlush(wrapOutboundOut(output ?? ByteBuffer()), promise: written)
        let everything = ending == .close || inputClosed
        written.futureResult.assumeIsolated().whenComplete { [self] _ in
            session.outputIsSent(now: .now())
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
