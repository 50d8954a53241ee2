import NIOCore

/// One connection of the data port: bytes in, answers out, in order.
///
/// One clock reading and one flush per channel read. A delayed answer holds back the connection's later requests, as
/// HTTP/1.1 requires. Their bytes wait, up to a limit, so that a disconnect of the sender is still noticed.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case reading
        /// A reply waits for its time.
        case delaying(Ticket, Scheduled<Void>)
        /// A reply that takes time is being written; without a player nothing more is written.
        case playing(Decision, ReplyPlayer?)
        /// Answered; the rest of the request is still arriving.
        case draining
        /// Answered; the next byte closes the connection.
        case spent
        /// Nothing is answered any more; incoming bytes are dropped.
        case silent
        /// The last answer is written; incoming bytes are dropped.
        case closing
    }

    private let shared: SharedCore
    private let loop: LoopContext
    private let waitingBytes: Int
    private var parser: RequestParser
    private var state = State.reading
    /// Bytes not yet consumed: the beginning of a request.
    private var pending = ByteBuffer()
    /// Most connections use one path.
    private var latestPath: ResolvedPath?
    private var isHeadJudged = false
    private var mustFlush = false
    /// nil: the handler has left its pipeline.
    private var context: ChannelHandlerContext?

    init(shared: SharedCore, loop: LoopContext, configuration: ReceiverConfiguration) {
        self.shared = shared
        self.loop = loop
        parser = RequestParser(
            limits: RequestParser.Limits(headBytes: configuration.headBytes, bodyBytes: configuration.bodyBytes))
        waitingBytes = configuration.headBytes + configuration.bodyBytes
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelInactive(context: ChannelHandlerContext) {
        giveUp()
        state = .closing
        context.fireChannelInactive()
    }

    /// The sender has disconnected, or must be disconnected: stops its reply.
    private func giveUp() {
        switch state {
        case .delaying(let ticket, let timer):
            timer.cancel()
            shared.withCore { $0.abandoned(ticket) }
        case .playing(let decision, let player):
            player?.cancel()
            // A reply that was meant to be unusable has been sent.
            if decision.reply.endsWithItsReader {
                answered(decision)
            } else {
                shared.withCore { $0.abandoned(decision.ticket) }
            }
        case .reading, .draining, .spent, .silent, .closing: break
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch state {
        case .closing, .silent: return
        case .spent: reset(context)
        case .reading, .draining:
            if pending.readableBytes == 0 { pending = bytes } else { pending.writeBuffer(&bytes) }
            consume(context, now: WallClock.now())
        case .delaying, .playing:
            pending.writeBuffer(&bytes)
            // A sender that pipelines without limit while its answer is delayed.
            if pending.readableBytes > waitingBytes { refuse(.bodyTooLarge, context) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if mustFlush { loop.flushSoon(self, context.eventLoop) }
    }

    /// Passes written bytes to the kernel.
    func flush() {
        guard mustFlush else { return }
        mustFlush = false
        context?.flush()
    }

    /// If a sender does not read its answers, its requests are not read either: answers would accumulate here.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let reads = context.channel.isWritable
        context.channel.setOption(.autoRead, value: reads).assumeIsolated().whenFailure { _ in }
        context.fireChannelWritabilityChanged()
    }

    /// A sender that has closed its direction gets what is written, and no more.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            flush()
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A peer that resets its connection is not our error.
        context.close(promise: nil)
    }

    private var isReading: Bool {
        switch state {
        case .reading, .draining: true
        default: false
        }
    }

    /// Answers every whole request of `pending`.
    private func consume(_ context: ChannelHandlerContext, now: Int64) {
        while isReading, pending.readableBytes > 0 {
            let step = pending.withUnsafeReadableBytes { parser.advance($0) }
            switch step {
            case .incomplete:
                if parser.takeContinue() { write(RequestHandler.goOn, context) }
                if parser.headLength > 0, !isHeadJudged { judgeHead(context, now: now) }
                return
            case .refused(let refusal):
                refuse(refusal, context)
            case .complete(let length):
                if pending.withUnsafeReadableBytes({ RequestMethod.isOfWebhooks($0[parser.head.method]) }) {
                    receive(length, context, now: now)
                } else {
                    receiveOther(length, context, now: now)
                }
            }
        }
    }

    private func receive(_ length: Int, _ context: ChannelHandlerContext, now: Int64) {
        let keepsAlive = parser.head.keepsAlive
        if case .draining = state {
            drop(length)
            state = .reading
            if !keepsAlive { close(context) }
            return
        }
        let decision = pending.withUnsafeReadableBytes { loop.receive(parser, $0, &latestPath, now: now) }
        drop(length)
        perform(decision, keepsAlive: keepsAlive, context)
    }

    /// A request of a method that carries no webhook.
    private func receiveOther(_ length: Int, _ context: ChannelHandlerContext, now: Int64) {
        let keepsAlive = parser.head.keepsAlive
        guard let decision = pending.withUnsafeReadableBytes({ loop.receiveOther(parser, $0, now: now) }) else {
            let isHead = pending.withUnsafeReadableBytes { $0[parser.head.method].elementsEqual("HEAD".utf8) }
            refuse(.wrongMethod, withBody: !isHead, context)
            return
        }
        drop(length)
        perform(decision, keepsAlive: keepsAlive, context)
    }

    private func drop(_ length: Int) {
        pending.moveReaderIndex(forwardBy: length)
        if pending.readableBytes == 0 { pending = RequestHandler.nothing }
        parser.begin()
        isHeadJudged = false
    }

    /// The head has come, the body has not: some faults apply now.
    private func judgeHead(_ context: ChannelHandlerContext, now: Int64) {
        isHeadJudged = true
        let decision: Decision? = pending.withUnsafeReadableBytes { bytes in
            guard RequestMethod.isOfWebhooks(bytes[parser.head.method]) else { return nil }
            return loop.receiveHead(parser, bytes, &latestPath, now: now)
        }
        guard let decision else { return }
        switch decision.reply.form {
        case .plain:
            // An early answer is immediate: a rule's delay is for requests that are whole.
            if decision.ticket.isOpen { answered(decision) }
            reply(decision.reply, keepsAlive: true, context)
            flush()
            state = .draining
        // Later requests wait for a reply that takes time.
        case .reset, .script: begin(decision, keepsAlive: false, context)
        }
    }

    private func perform(_ decision: Decision, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        guard decision.delay > 0 else {
            begin(decision, keepsAlive: keepsAlive, context)
            return
        }
        let timer = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(decision.delay))) {
            guard case .delaying = self.state else { return }
            self.state = .reading
            if decision.reply.isImmediate { self.answered(decision) }
            self.begin(decision, keepsAlive: keepsAlive, context)
            self.goOn(context)
        }
        state = .delaying(decision.ticket, timer)
    }

    /// Continues reading after a reply that took time.
    private func goOn(_ context: ChannelHandlerContext) {
        if case .reading = state { consume(context, now: WallClock.now()) }
        channelReadComplete(context: context)
    }

    private func answered(_ decision: Decision) {
        let now = WallClock.now()
        shared.withCore { $0.answered(decision.ticket, decision.reply.outcome, at: now) }
    }

    private func begin(_ decision: Decision, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        guard case .script(let script) = decision.reply.form else {
            reply(decision.reply, keepsAlive: keepsAlive, context)
            return
        }
        if case .hang = script.ending, script.steps.isEmpty {
            state = .playing(decision, nil)
            return
        }
        let player = ReplyPlayer(script.steps, context) {
            self.answered(decision)
            self.end(script.ending, keepsAlive: keepsAlive, context)
        }
        state = .playing(decision, player)
        player.play()
    }

    /// A script has been written.
    private func end(_ ending: ReplyScript.Ending, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        switch ending {
        case .keep where keepsAlive:
            state = .reading
            // Not from within the player's loop, nor while the answered request is being read.
            context.eventLoop.assumeIsolated().execute { self.goOn(context) }
        case .keep, .close: close(context)
        case .closeBeforeReuse where !keepsAlive: close(context)
        case .closeBeforeReuse: if pending.readableBytes == 0 { state = .spent } else { reset(context) }
        case .halfClose:
            state = .silent
            context.close(mode: .output, promise: nil)
        case .hang: state = .silent
        case .reset: reset(context)
        }
    }

    private func reply(_ reply: RenderedReply, keepsAlive: Bool, _ context: ChannelHandlerContext) {
        switch reply.form {
        case .reset, .script: reset(context)
        case .plain(let open, _) where keepsAlive: write(open, context)
        case .plain(_, let closing):
            write(closing, context)
            close(context)
        }
    }

    /// - Parameter withBody: an answer to HEAD has no body (RFC 9110 section 9.3.2).
    private func refuse(_ refusal: RequestRefusal, withBody: Bool = true, _ context: ChannelHandlerContext) {
        giveUp()
        shared.withCore { $0.refuse() }
        let answer = refusal.answer
        let head = answer.head(length: answer.body.utf8.count, closing: true)
        write(ByteBuffer(string: withBody ? head + answer.body : head), context)
        close(context)
    }

    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(bytes), promise: nil)
        mustFlush = true
    }

    /// Closes our direction and reads the other for a while: closing with unread bytes would reset the connection and
    /// lose the answer (RFC 9112 section 9.6).
    private func close(_ context: ChannelHandlerContext) {
        state = .closing
        pending = RequestHandler.nothing
        mustFlush = false
        context.flush()
        context.close(mode: .output, promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { context.close(promise: nil) }
    }

    private func reset(_ context: ChannelHandlerContext) {
        // Answers that count as written are sent first.
        flush()
        state = .closing
        pending = RequestHandler.nothing
        context.channel.resetConnection()
    }

    private static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")
    private static let nothing = ByteBuffer()
}
