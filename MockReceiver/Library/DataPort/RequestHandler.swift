import Glibc
import NIOCore

/// One connection of the data port: bytes in, answers out, in order.
///
/// One clock reading a channel read, one flush a channel read. A delayed answer holds the connection's later requests back, as
/// HTTP/1.1 wants; their bytes wait, up to a limit, so that a sender's going away is still noticed.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case reading
        /// A reply waits for its time.
        case delaying(Ticket, Scheduled<Void>)
        /// The last answer is written; what still comes is thrown away.
        case closing
    }

    private let shared: SharedCore
    private let loop: LoopContext
    private let waitingBytes: Int
    private var parser: RequestParser
    private var state = State.reading
    /// Bytes not yet consumed: the beginning of a request.
    private var pending = ByteBuffer()
    private var mustFlush = false
    private var counted = false

    init(shared: SharedCore, loop: LoopContext, configuration: ReceiverConfiguration) {
        self.shared = shared
        self.loop = loop
        parser = RequestParser(
            limits: RequestParser.Limits(headBytes: configuration.headBytes, bodyBytes: configuration.bodyBytes))
        waitingBytes = configuration.headBytes + configuration.bodyBytes
    }

    func channelActive(context: ChannelHandlerContext) {
        counted = true
        if shared.withCore({ $0.connect() }) { reset(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let abandoned: Ticket?
        if case .delaying(let ticket, let timer) = state {
            timer.cancel()
            abandoned = ticket
        } else {
            abandoned = nil
        }
        state = .closing
        if counted {
            counted = false
            shared.withCore { core in
                core.disconnect()
                if let abandoned { core.abandoned(abandoned) }
            }
        }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if case .closing = state { return }
        if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
        guard case .reading = state else {
            // A sender that pipelines without end while its answer is delayed.
            if pending.readableBytes > waitingBytes { refuse(.bodyTooLarge, context) }
            return
        }
        consume(context, now: WallClock.now())
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if mustFlush {
            mustFlush = false
            context.flush()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that resets its connection is no error of ours.
        context.close(promise: nil)
    }

    /// Answers every whole request of `pending`.
    private func consume(_ context: ChannelHandlerContext, now: Int64) {
        while case .reading = state, pending.readableBytes > 0 {
            let step = pending.withUnsafeReadableBytes { parser.advance($0) }
            switch step {
            case .incomplete:
                if parser.takeContinue() { write(RequestHandler.goOn, context) }
                return
            case .refused(let refusal):
                refuse(refusal, context)
            case .complete(let length):
                guard pending.withUnsafeReadableBytes({ WebhookMethod.isKnown($0[parser.head.method]) }) else {
                    refuse(.wrongMethod, context)
                    return
                }
                let decision = pending.withUnsafeReadableBytes { loop.receive(parser, $0, now: now) }
                let keepsAlive = parser.head.keepsAlive
                pending.moveReaderIndex(forwardBy: length)
                if pending.readableBytes == 0 { pending = RequestHandler.nothing }
                parser.begin()
                perform(decision, keepsAlive: keepsAlive, context)
            }
        }
    }

    private func perform(_ decision: Decision, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        guard decision.delay > 0 else {
            reply(decision.reply, keepsAlive: keepsAlive, context)
            return
        }
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(decision.delay))) {
            self.finish(decision, keepsAlive: keepsAlive, context)
        }
        state = .delaying(decision.ticket, timer)
    }

    /// A delay is over.
    private func finish(_ decision: Decision, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        guard case .delaying = state else { return }
        state = .reading
        let now = WallClock.now()
        shared.withCore { $0.answered(decision.ticket, status: decision.reply.status, at: now) }
        reply(decision.reply, keepsAlive: keepsAlive, context)
        consume(context, now: now)
        channelReadComplete(context: context)
    }

    private func reply(_ reply: RenderedReply, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        switch reply {
        case .reset: reset(context)
        case .answer(_, let open, _) where keepsAlive: write(open, context)
        case .answer(_, _, let closing):
            write(closing, context)
            close(context)
        }
    }

    private func refuse(_ refusal: RequestRefusal, _ context: ChannelHandlerContext) {
        if case .delaying(let ticket, let timer) = state {
            timer.cancel()
            shared.withCore { $0.abandoned(ticket) }
        }
        shared.withCore { $0.refuse() }
        write(RenderedReply.bytes(refusal.answer, closing: true), context)
        close(context)
    }

    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(bytes), promise: nil)
        mustFlush = true
    }

    /// Ends our half and drains the other for a while: a close with unread bytes would reset the connection and take the answer
    /// along (RFC 9112 section 9.6).
    private func close(_ context: ChannelHandlerContext) {
        state = .closing
        pending = RequestHandler.nothing
        mustFlush = false
        context.flush()
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { context.close(promise: nil) }
    }

    private func reset(_ context: ChannelHandlerContext) {
        state = .closing
        pending = RequestHandler.nothing
        // SO_LINGER of zero seconds makes close(2) send RST (socket(7)).
        _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        context.close(promise: nil)
    }

    private static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
    private static let nothing = ByteBuffer()
}

/// Methods that bring a webhook.
private enum WebhookMethod {
    static func isKnown(_ method: Slice<UnsafeRawBufferPointer>) -> Bool {
        switch method.count {
        case 4: method.elementsEqual("POST".utf8)
        case 3: method.elementsEqual("PUT".utf8)
        case 5: method.elementsEqual("PATCH".utf8)
        default: false
        }
    }
}
