import Foundation

/// The state of a run in progress.
package struct RunProgress: Sendable {
    package enum Phase: String, Sendable {
        case load
        /// The load is over; events in flight still arrive.
        case drain
    }

    package var phase = Phase.load
    /// Seconds since the start of the run, and of the phase, and the longest duration of the phase.
    package var seconds = 0.0
    package var phaseSeconds = 0.0
    package var totalSeconds = 0.0
    package var generator = GeneratorSnapshot()
    package var delivered: Int?
    package var failuresInjected = 0
    /// Of the events that arrived last.
    package var endToEnd: StageLatencies?

    package init() {}
}

/// Shows a run in progress: on a terminal one line that is rewritten each second, elsewhere one line per second.
package struct LiveView: Sendable {
    private let isTerminal: Bool
    private let write: @Sendable (String) -> Void
    private var previous: (seconds: Double, stored: Int, delivered: Int)?

    /// - Parameter write: receives text exactly as it should appear.
    package init(isTerminal: Bool, write: @escaping @Sendable (String) -> Void) {
        self.isTerminal = isTerminal
        self.write = write
    }

    /// A view on standard error, so that standard output contains only the report.
    package static func standard(plain: Bool) -> LiveView {
        LiveView(isTerminal: !plain && isatty(2) == 1) { text in
            FileHandle.standardError.write(Data(text.utf8))
        }
    }

    /// Prints a permanent line.
    package func say(_ text: String) { write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n") }

    package mutating func show(_ progress: RunProgress) {
        let line = render(progress)
        // Without automatic wrapping, a line that is too long is cut at the edge, and can be rewritten.
        write(isTerminal ? "\r\u{1B}[K\u{1B}[?7l" + line + "\u{1B}[?7h" : line + "\n")
        previous = (progress.seconds, progress.generator.stored, progress.delivered ?? 0)
    }

    /// Keeps the last line.
    package func finish() { if isTerminal { write("\n") } }

    package func render(_ progress: RunProgress) -> String {
        let generator = progress.generator
        let before = previous ?? (0, 0, 0)
        let span = max(0.05, progress.seconds - before.seconds)
        func rate(_ now: Int, _ then: Int) -> String { Figures.grouped(Int((Double(now - then) / span).rounded())) }

        var parts = [
            progress.phase == .load
                ? "\(Figures.fixed(max(progress.phaseSeconds, 0), 0))/\(Figures.fixed(progress.totalSeconds, 0)) s"
                : "drain \(Figures.fixed(progress.phaseSeconds, 0)) s"
        ]
        parts.append("due \(Figures.grouped(generator.due))")
        parts.append("acked \(Figures.grouped(generator.stored)) (\(rate(generator.stored, before.stored))/s)")
        if let delivered = progress.delivered {
            parts.append("delivered \(Figures.grouped(delivered)) (\(rate(delivered, before.delivered))/s)")
            parts.append("in flight \(Figures.grouped(max(0, generator.due - delivered)))")
        } else {
            parts.append("unanswered \(Figures.grouped(generator.sent - generator.answered))")
        }
        parts.append("ack " + pair(generator.ack))
        if let endToEnd = progress.endToEnd, endToEnd.count > 0 { parts.append("end to end " + pair(endToEnd)) }
        if progress.failuresInjected > 0 { parts.append("503s \(Figures.grouped(progress.failuresInjected))") }
        if generator.heldByWindow > 0 { parts.append("held \(Figures.grouped(generator.heldByWindow))") }
        return parts.joined(separator: "  ")
    }

    private func pair(_ latency: StageLatencies) -> String {
        let quantiles = latency.quantiles
        return "p50 \(Figures.milliseconds(quantiles.p50)) p95 \(Figures.milliseconds(quantiles.p95)) ms"
    }
}
