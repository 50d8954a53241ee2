import NIOCore

/// Writes a reply that takes time, on its connection's event loop.
final class ReplyPlayer {
    private let steps: [ReplyScript.Step]
    private let context: ChannelHandlerContext
    private let wrap: (ByteBuffer) -> NIOAny
    private let done: () -> Void
    private var step = 0
    private var timer: Scheduled<Void>?
    private var isOver = false

    /// The pause between two parts of an endless reply, so that one reader does not use a whole core.
    private static let pause = TimeAmount.milliseconds(1)

    /// - Parameters:
    ///   - wrap: converts bytes into what the connection's next handler accepts.
    ///   - done: called once, when every step is written; never after `cancel`.
    init(
        _ steps: [ReplyScript.Step], _ context: ChannelHandlerContext,
        wrap: @escaping (ByteBuffer) -> NIOAny = { NIOAny($0) },
        done: @escaping () -> Void
    ) {
        self.steps = steps
        self.context = context
        self.wrap = wrap
        self.done = done
    }

    func cancel() {
        isOver = true
        timer?.cancel()
    }

    /// Performs the next step, and the steps after it that take no time.
    func play() {
        while !isOver, step < steps.count {
            let current = steps[step]
            // Advanced before the step is performed, because the step may call back here.
            step += 1
            switch current {
            case .send(let bytes): context.write(wrap(bytes), promise: nil)
            case .dribble(let bytes, let milliseconds):
                dribble(bytes, .milliseconds(Int64(max(1, milliseconds))))
                return
            case .forever(let bytes):
                pump(bytes)
                return
            }
        }
        guard !isOver else { return }
        isOver = true
        context.flush()
        done()
    }

    private func dribble(_ bytes: ByteBuffer, _ pause: TimeAmount) {
        var rest = bytes
        guard !isOver, let byte = rest.readSlice(length: 1) else {
            play()
            return
        }
        context.writeAndFlush(wrap(byte), promise: nil)
        // A sender that knows the length disconnects after the last byte, so there is no pause after it.
        guard rest.readableBytes > 0 else {
            play()
            return
        }
        let left = rest
        after(pause) { self.dribble(left, pause) }
    }

    private func pump(_ bytes: ByteBuffer) {
        guard !isOver else { return }
        // What the sender does not read stays one part: the next is written when this one has been sent.
        context.writeAndFlush(wrap(bytes)).assumeIsolated().whenSuccess {
            self.after(ReplyPlayer.pause) { self.pump(bytes) }
        }
    }

    private func after(_ pause: TimeAmount, _ body: @escaping () -> Void) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: pause) { if !self.isOver { body() } }
    }
}
