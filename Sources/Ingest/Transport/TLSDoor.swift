import NIOCore
import WireProtocol

/// Stands before TLS on a TLS port until the ClientHello is there: whoever speaks plaintext, or offers other application
/// protocols only, is told so in the clear. Then it leaves the pipeline.
///
/// A client that offers no application protocol is served: not every TLS library can. One that offers others wanted
/// another service, perhaps for an attacker who crossed the wires (RFC 7301, 3.2: no_application_protocol).
final class TLSDoor: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Who was refused, for log and counters.
    enum Refusal: Equatable {
        case plaintext(Preface.Verdict)
        case otherProtocols([[UInt8]])
    }

    private var first = ByteBuffer()
    private var isRefused = false
    private let onRefusal: (Refusal) -> Void

    init(onRefusal: @escaping (Refusal) -> Void) { self.onRefusal = onRefusal }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        var bytes = unwrapInboundIn(data)
        first.writeBuffer(&bytes)
        switch ClientHello.look(first.readableBytesView) {
        case .incomplete: break
        case .plaintext: refusePlaintext(context)
        case .hello(let hello):
            let name = TLSContext.applicationProtocol
            if let offers = hello.offers, !offers.contains(where: { $0.elementsEqual(name.utf8) }) {
                // A fatal alert: no_application_protocol (RFC 8446, 6).
                refuse(.otherProtocols(offers), saying: ByteBuffer(bytes: [21, 3, 3, 0, 2, 2, 120]), context)
            } else {
                letIn(context)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Reads are asked for one by one; nobody behind us has seen anything to ask for the next.
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isRefused, case .some(.inputClosed) = event as? ChannelEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func letIn(_ context: ChannelHandlerContext) {
        let bytes = first
        first = ByteBuffer()
        // TLS gets the end of this read from the channel itself.
        context.fireChannelRead(wrapInboundOut(bytes))
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func refusePlaintext(_ context: ChannelHandlerContext) {
        let verdict = first.withUnsafeReadableBytes { bytes in
            Preface.check(UnsafeRawBufferPointer(rebasing: bytes.prefix(Preface.bytes.count)))
        }
        var answer = ByteBuffer()
        switch verdict {
        case .incomplete: return
        case .complete, .otherVersion:
            answer.writeBytes(Preface.bytes)
            Close(.tlsRequired, text: "this port speaks TLS").write(to: &answer)
        case .stranger: break
        }
        refuse(.plaintext(verdict), saying: answer, context)
    }

    /// Says it and ends our direction; what still comes is dropped, so that no reset overtakes the words. The session's
    /// deadline for HELLO ends the rest.
    private func refuse(_ refusal: Refusal, saying answer: ByteBuffer, _ context: ChannelHandlerContext) {
        isRefused = true
        first = ByteBuffer()
        onRefusal(refusal)
        guard answer.readableBytes > 0 else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(mode: .output, promise: nil)
    }
}

extension TLSDoor.Refusal {
    /// For the log.
    var text: String {
        switch self {
        case .plaintext(.complete), .plaintext(.otherVersion), .plaintext(.incomplete):
            "a client speaks the protocol in plaintext on the TLS port; configure TLS in the client"
        case .plaintext(.stranger(let stranger)):
            "\(stranger.rawValue) arrived on the TLS port; it speaks the binary protocol within TLS only"
        case .otherProtocols(let names):
            "a TLS client offers \(TLSDoor.Refusal.list(names)); this port speaks \(TLSContext.applicationProtocol)"
        }
    }

    private static func list(_ names: [[UInt8]]) -> String {
        let texts = names.prefix(4).map { NoticeLog.printable(String(decoding: $0, as: UTF8.self)) }
        return texts.isEmpty ? "no application protocol" : texts.joined(separator: ", ")
    }
}
