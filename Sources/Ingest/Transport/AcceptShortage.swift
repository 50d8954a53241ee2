import Glibc
import Logging
import NIOCore
import Threading
import WebhookModel

/// What a listener does when the machine has no descriptor or memory for another connection: it accepts nothing for a
/// moment, and says so once a minute. The connection waits in the kernel's queue meanwhile. Without the pause the
/// listener would try again at once, without end.
enum AcceptShortage {
    /// The handlers of a listening channel, in their order.
    static func handlers(_ logger: Logger) -> [any ChannelHandler] { [Pausing(logger)] }

    static func isShortage(_ error: IOError) -> Bool {
        [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(error.errnoCode)
    }

    /// Pauses, and logs the shortage; a connection that was aborted before it was accepted is not worth a line.
    ///
    /// NIO's AcceptBackoffHandler delays the channel's next read. But where the first accept of a turn fails, the channel
    /// is still reading, and asks for no next read: the listener tried again without end. So reading is switched off.
    private final class Pausing: ChannelInboundHandler {
        typealias InboundIn = any Channel

        private let logger: Logger
        /// Monotonic nanoseconds.
        private var nextLine = Int64.min

        init(_ logger: Logger) { self.logger = logger }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            guard let error = error as? IOError, AcceptShortage.isShortage(error) else { return }
            pause(context.channel)
            let now = Instant.now().monotonic
            guard now >= nextLine else { return }
            nextLine = now + Limits.shortageLineMilliseconds * 1_000_000
            logger.warning(
                "ingest: no descriptor or memory for another connection: producers wait; raise the limit of open files (LimitNOFILE, ulimit -n)",
                metadata: ["error": "\(String(cString: strerror(error.errnoCode)))"])
        }

        private func pause(_ channel: any Channel) {
            // A channel that is closed has no options any more.
            try? channel.syncOptions?.setOption(.autoRead, value: false)
            channel.eventLoop.scheduleTask(in: .milliseconds(Limits.acceptPauseMilliseconds)) {
                try? channel.syncOptions?.setOption(.autoRead, value: true)
            }
        }
    }
}
