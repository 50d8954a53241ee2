import Threading

/// Shows a run while it continues: a line for each check that has ended and, on a terminal, a line with the checks that
/// are running. Callable from any thread.
public final class ProgressBoard: Sendable {
    private struct State {
        var running: [String] = []
        var ended = 0
        var isDrawn = false
    }

    private let total: Int
    private let lines: @Sendable (String) -> Void
    private let status: (@Sendable (String) -> Void)?
    private let state = Locked(State())

    /// - Parameters:
    ///   - total: the number of checks in the run.
    ///   - lines: takes one finished line at a time, without its end.
    ///   - status: takes what to write to a terminal as it is; nil: there is no terminal.
    public init(total: Int, lines: @escaping @Sendable (String) -> Void, status: (@Sendable (String) -> Void)?) {
        self.total = total
        self.lines = lines
        self.status = status
    }

    public func show(_ progress: ConformanceRun.Progress) {
        state.withLock { state in
            wipe(&state)
            switch progress {
            case .began(let check): state.running.append(check.id)
            case .ended(let result):
                state.running.removeAll { $0 == result.check.id }
                state.ended += 1
                ReportText.lines(of: result).forEach(lines)
            }
            draw(&state)
        }
    }

    /// Removes the status line.
    public func clear() { state.withLock { wipe(&$0) } }

    private func wipe(_ state: inout State) {
        guard state.isDrawn else { return }
        // Moves to the line's start, and erases it (ECMA-48, EL).
        status?("\r\u{1B}[K")
        state.isDrawn = false
    }

    private func draw(_ state: inout State) {
        guard let status, !state.running.isEmpty else { return }
        let names = state.running.suffix(3).joined(separator: ", ")
        let more = state.running.count > 3 ? " and \(state.running.count - 3) more" : ""
        status(String("\(state.ended)/\(total)  \(names)\(more)".prefix(78)))
        state.isDrawn = true
    }
}
