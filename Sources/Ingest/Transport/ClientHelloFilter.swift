import NIOCore
import WireProtocol

/// Checks the ClientHello on a TLS port before TLS sees it. A client that speaks plaintext, or that offers only other application
/// protocols, gets an answer in plaintext. For every other client the filter removes itself from the pipeline.
///
/// A client that offers no application protocol is served: not every TLS library supports it. One that offers only others meant
/// another service; an attacker may have redirected it (RFC 7301, 3.2: no_application_protocol).
final class ClientHelloFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Why a client was refused, for log and counters.
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
                refuse(.otherProtocols(offers), sending: ByteBuffer(bytes: [21, 3, 3, 0, 2, 2, 120]), context)
            } else {
                passOn(context)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Reads are requested one by one. The later handlers have seen nothing yet, so they do not request the next.
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isRefused, case .some(.inputClosed) = event as? ChannelEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func passOn(_ context: ChannelHandlerContext) {
        let bytes = first
        first = ByteBuffer()
        // The channel itself tells TLS that this read is complete.
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
        case .foreign(.proxyHeader):
            answer.writeBytes(Preface.bytes)
            Close(.protocolError, text: IngestSession.proxyRemedy).write(to: &answer)
        case .foreign: break
        }
        refuse(.plaintext(verdict), sending: answer, context)
    }

    /// Sends the answer and ends our direction. Further input is dropped instead of closing the socket, so that a reset does
    /// not destroy the answer. The session's deadline for HELLO closes the connection.
    private func refuse(_ refusal: Refusal, sending answer: ByteBuffer, _ context: ChannelHandlerContext) {
        isRefused = true
        first = ByteBuffer()
        onRefusal(refusal)
        guard answer.readableBytes > 0 else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(mode: .output, promise: nil)
    }
}

extension ClientHelloFilter.Refusal {
    /// For the log.
    var text: String {
        switch self {
        case .plaintext(.complete), .plaintext(.otherVersion), .plaintext(.incomplete):
            "a client speaks the protocol in plaintext on the TLS port; configure TLS in the client"
        case .plaintext(.foreign(.proxyHeader)): IngestSession.proxyRemedy
        case .plaintext(.foreign(let other)):
            "\(other.rawValue) arrived on the TLS port; it speaks the binary protocol within TLS only"
        case .otherProtocols(let names):
            "a TLS client offers \(ClientHelloFilter.Refusal.list(names)); this port speaks \(TLSContext.applicationProtocol)"
        }
    }

    private static func list(_ names: [[UInt8]]) -> String {
        let texts = names.prefix(4).map { NoticeLog.printable(String(decoding: $0, as: UTF8.self)) }
        return texts.isEmpty ? "no application protocol" : texts.joined(separator: ", ")
    }
}
