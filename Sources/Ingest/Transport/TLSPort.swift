import Logging
import NIOSSL
import Threading

/// The TLS context of a listener. New connections use the latest one; old ones keep theirs.
final class TLSPort: Sendable {
    private let settings: TLSSettings
    private let current: Locked<TLSContext>

    init(_ settings: TLSSettings) throws(TLSFileError) {
        self.settings = settings
        current = Locked(try TLSContext(settings))
    }

    var context: TLSContext { current.withLock { $0 } }

    /// Reads the files again. If one is invalid, nothing changes.
    func reload() throws(TLSFileError) {
        let fresh = try TLSContext(settings)
        current.withLock { $0 = fresh }
    }

    /// Logs a warning when the certificate expires soon.
    func checkExpiry(_ logger: Logger, now: Instant = .now()) {
        if let warning = context.expiryWarning(now: Int(now.wallMilliseconds / 1_000)) { logger.warning("\(warning)") }
    }

    /// The log text for a failed handshake; nil for another error, and for a peer that left without sending anything.
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

    /// Whether the peer ended without close_notify. That is harmless: frames carry checksums, so a cut one is noticed.
    static func isTruncation(_ error: any Error) -> Bool { error as? NIOSSLError == .uncleanShutdown }
}
