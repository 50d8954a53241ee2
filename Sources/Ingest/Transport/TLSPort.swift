import Logging
import NIOConcurrencyHelpers
import NIOSSL

/// The TLS of a listener: new connections take the latest context, old ones keep theirs.
final class TLSPort: Sendable {
    private let settings: TLSSettings
    private let current: NIOLockedValueBox<TLSContext>

    init(_ settings: TLSSettings) throws(TLSFileError) {
        self.settings = settings
        current = NIOLockedValueBox(try TLSContext(settings))
    }

    var context: TLSContext { current.withLockedValue { $0 } }

    /// Reads the files again. Where one is bad nothing changes.
    func reload() throws(TLSFileError) {
        let fresh = try TLSContext(settings)
        current.withLockedValue { $0 = fresh }
    }

    /// Warns where the certificate nears its end.
    func checkExpiry(_ logger: Logger, now: Moment = .now()) {
        if let warning = context.expiryWarning(now: Int(now.wallMilliseconds / 1_000)) { logger.warning("\(warning)") }
    }

    /// What the log shows of a handshake's failure; nil for another error, and for a peer that left without a word.
    static func handshakeFailure(_ error: any Error) -> String? {
        guard case .handshakeFailed(let cause) = error as? NIOSSLError else { return nil }
        guard case .sslError(let stack) = cause, let first = stack.first else { return "\(cause)" }
        guard first != .eofDuringHandshake else { return nil }
        // `Error: 268435703 error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at …/file.cc:231`
        let text = "\(first)"
        let end = text.firstRange(of: " at ")?.lowerBound ?? text.endIndex
        let start = text[..<end].lastIndex(of: ":").map(text.index(after:)) ?? text.startIndex
        return text[start..<end].lowercased().replacing("_", with: " ")
    }

    /// Whether the peer ended without close_notify. Frames have checksums of their own: what came is whole or refused.
    static func isTruncation(_ error: any Error) -> Bool { error as? NIOSSLError == .uncleanShutdown }
}
