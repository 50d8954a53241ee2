import NIOCore
import NIOHPACK
import NIOHTTP2

/// One stream of an HTTP/2 connection (RFC 9113): one request, one answer.
///
/// The request is rewritten as HTTP/1.1 and processed like all others, so that rules, accounts and journal see one
/// form.
final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let shared: SharedCore
    private let loop: LoopContext
    private let limits: RequestParser.Limits
    private var head: HPACKHeaders?
    private var body = ByteBuffer()
    /// The reply in progress, until it is written.
    private var open: Decision?
    private var timer: Scheduled<Void>?
    private var player: ReplyPlayer?
    private var isAnswered = false
    /// The request is complete.
    private var isWhole = false
    private var latestPath: ResolvedPath?

    init(shared: SharedCore, loop: LoopContext, configuration: ReceiverConfiguration) {
        self.shared = shared
        self.loop = loop
        limits = RequestParser.Limits(headBytes: configuration.headBytes, bodyBytes: configuration.bodyBytes)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            if head == nil {
                head = headers.headers
                if !headers.endStream { judgeHead(context) }
            }
            isWhole = headers.endStream
            if headers.endStream { receive(context) }
        case .data(let data):
            if case .byteBuffer(var bytes) = data.data, !isAnswered { body.writeBuffer(&bytes) }
            if body.readableBytes > limits.bodyBytes { refuse(.bodyTooLarge, context) }
            isWhole = data.endStream
            if data.endStream { receive(context) }
        default: break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        player?.cancel()
        // They hold a reference to this handler, and it holds one to them.
        (timer, player) = (nil, nil)
        if let open {
            self.open = nil
            if open.reply.endsWithItsReader {
                answered(open)
            } else {
                shared.withCore { $0.abandoned(open.ticket) }
            }
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Requests

    private func judgeHead(_ context: ChannelHandlerContext) {
        guard let head else { return }
        // The body has not reached its length yet: only the head is whole.
        let text = Http1Text.head(head, bodyBytes: limits.bodyBytes)
        var parser = RequestParser(limits: limits)
        let now = WallClock.now()
        let decision = text.withUnsafeBytes { bytes in
            guard case .incomplete = parser.advance(bytes), parser.headLength > 0,
                RequestMethod.isOfWebhooks(bytes[parser.head.method])
            else { return nil as Decision? }
            return loop.receiveHead(parser, bytes, &latestPath, now: now)
        }
        if let decision { begin(decision, context) }
    }

    private func receive(_ context: ChannelHandlerContext) {
        guard let head, !isAnswered else { return }
        let text = Http1Text.head(head, bodyBytes: body.readableBytes) + Array(body.readableBytesView)
        var parser = RequestParser(limits: limits)
        let now = WallClock.now()
        let outcome: Result<Decision, RequestRefusal> = text.withUnsafeBytes { bytes in
            switch parser.advance(bytes) {
            case .complete where RequestMethod.isOfWebhooks(bytes[parser.head.method]):
                return .success(loop.receive(parser, bytes, &latestPath, now: now))
            case .complete:
                return loop.receiveOther(parser, bytes, now: now).map { .success($0) } ?? .failure(.wrongMethod)
            case .refused(let refusal): return .failure(refusal)
            case .incomplete: return .failure(.malformed("the request has no end"))
            }
        }
        switch outcome {
        case .success(let decision): begin(decision, context)
        case .failure(let refusal): refuse(refusal, context)
        }
    }

    private func refuse(_ refusal: RequestRefusal, _ context: ChannelHandlerContext) {
        guard !isAnswered else { return }
        isAnswered = true
        shared.withCore { $0.refuse() }
        var answer = refusal.answer
        answer.isForHead = head?.first(name: ":method") == "HEAD"
        write(StreamReply(answer, nil), context) {}
    }

    // MARK: Answers

    private func begin(_ decision: Decision, _ context: ChannelHandlerContext) {
        isAnswered = true
        open = decision.ticket.isOpen ? decision : nil
        let reply = StreamReply(decision.reply.answer, decision.reply.fault, decision.reply.form)
        let wait = decision.delay + reply.wait
        guard wait > 0 else {
            perform(decision, reply, context)
            return
        }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(wait))) {
            self.perform(decision, reply, context)
        }
    }

    private func perform(_ decision: Decision, _ reply: StreamReply, _ context: ChannelHandlerContext) {
        write(reply, context) {
            guard let open = self.open, reply.ending != .hang else { return }
            self.open = nil
            self.answered(open)
        }
    }

    private func answered(_ decision: Decision) {
        let now = WallClock.now()
        shared.withCore { $0.answered(decision.ticket, decision.reply.outcome, at: now) }
    }

    private func write(_ reply: StreamReply, _ context: ChannelHandlerContext, _ written: @escaping () -> Void) {
        if let headers = reply.headers {
            let isAll = reply.steps.isEmpty && reply.ending == .end
            // The flush ends the stream before it returns. Afterwards it would look as if the sender had disconnected
            // first.
            if isAll { written() }
            context.write(wrapOutboundOut(.headers(.init(headers: headers, endStream: isAll))), promise: nil)
        }
        let player = ReplyPlayer(
            reply.steps, context, wrap: { NIOAny(HTTP2Frame.FramePayload.data(.init(data: .byteBuffer($0)))) }
        ) {
            // The end may close the stream before it returns.
            written()
            self.end(reply, context)
        }
        self.player = player
        player.play()
    }

    private func end(_ reply: StreamReply, _ context: ChannelHandlerContext) {
        switch reply.ending {
        case .end:
            guard !reply.steps.isEmpty else { return stopUpload(context) }
            let last = context.writeAndFlush(
                wrapOutboundOut(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))))
            stopUpload(context)
            guard reply.closesConnection, let connection = context.channel.parent else { break }
            // Not before the answer has been sent.
            last.whenComplete { _ in connection.close(promise: nil) }
        case .reset(let code): context.writeAndFlush(wrapOutboundOut(.rstStream(code)), promise: nil)
        case .hang: break
        }
    }

    /// Milliseconds for reading an answer: a sender that finds both at once may lose the answer or wait for ever (curl 7.88).
    private static let readingTime: Int64 = 500

    /// Tells a sender that still uploads to stop (RFC 9113 section 8.1); otherwise it would wait for flow control.
    private func stopUpload(_ context: ChannelHandlerContext) {
        guard !isWhole else { return }
        let pause = TimeAmount.milliseconds(StreamHandler.readingTime)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            guard !self.isWhole else { return }
            context.writeAndFlush(self.wrapOutboundOut(.rstStream(.noError)), promise: nil)
        }
    }
}

/// An HTTP/2 request in HTTP/1.1 form.
enum Http1Text {
    /// Fields of a connection, or fields that frames replace (RFC 9113 section 8.2.2).
    private static let dropped: Set<String> = ["content-length", "transfer-encoding", "connection", "host", "expect"]

    static func head(_ headers: HPACKHeaders, bodyBytes: Int) -> [UInt8] {
        let method = headers.first(name: ":method") ?? ""
        let path = headers.first(name: ":path") ?? ""
        var text =
            "\(method) \(path) HTTP/1.1\r\nhost: \(headers.first(name: ":authority") ?? headers.first(name: "host") ?? "")\r\n"
        for field in headers where !field.name.hasPrefix(":") && !dropped.contains(field.name) {
            text += "\(field.name): \(field.value)\r\n"
        }
        return Array("\(text)content-length: \(bodyBytes)\r\n\r\n".utf8)
    }
}
