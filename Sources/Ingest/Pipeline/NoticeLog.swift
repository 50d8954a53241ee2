import Logging
import Threading
import WebhookModel
import WireProtocol

/// Writes what peers do wrong to the log, at most `Limits.peerLogLinesPerSecond` lines a second.
struct NoticeLog {
    private let logger: Logger
    private var windowStart: Int64 = 0
    private var lines = 0
    private var suppressed = 0

    init(_ logger: Logger) { self.logger = logger }

    mutating func write(_ text: String, peer: String, now: Instant) {
        if now.monotonic - windowStart >= 1_000_000_000 {
            if suppressed > 0 { logger.notice("ingest: \(suppressed) more lines like these were suppressed") }
            windowStart = now.monotonic
            lines = 0
            suppressed = 0
        }
        guard lines < Limits.peerLogLinesPerSecond else {
            suppressed += 1
            return
        }
        lines += 1
        logger.notice("ingest: \(text)", metadata: ["peer": "\(peer)"])
    }

    /// A peer's text for the log: short, and without control characters, so that a peer cannot forge log lines.
    static func printable(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(Limits.peerLogTextCharacters) {
            shown.append(scalar.properties.generalCategory == .control ? "?" : scalar)
        }
        return String(shown)
    }
}

extension IngestSession.Notice {
    var text: String {
        switch self {
        case .otherProtocol(.proxyHeader): IngestSession.proxyRemedy
        case .otherProtocol(let other):
            "\(other.rawValue) arrived on the ingest port; it speaks the binary protocol only"
        case .otherVersion(let version):
            "a client speaks version \(version) of the protocol; this server speaks version \(Preface.majorVersion)"
        case .authFailed(let client, let reason): "client \"\(NoticeLog.printable(client))\" was refused: \(reason)"
        case .closed(let status, let reason): "closed with \(status.name): \(reason)"
        case .eventRefused(let status, let reason): "an event got \(status.name): \(reason)"
        case .outputStalled: "cut off: the client did not read its answers"
        }
    }
}
