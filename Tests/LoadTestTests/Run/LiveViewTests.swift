import LoadTest
import Synchronization
import Testing

@Suite("The live view")
struct LiveViewTests {
    private func progress(at seconds: Double, stored: Int, delivered: Int) -> RunProgress {
        var progress = RunProgress()
        progress.seconds = seconds
        progress.totalSeconds = 30
        progress.generator.due = stored
        progress.generator.stored = stored
        progress.delivered = delivered
        return progress
    }

    @Test("rates are those since the last line")
    func rates() {
        var view = LiveView(isTerminal: false) { _ in }
        view.show(progress(at: 1, stored: 1_000, delivered: 990))
        let line = view.render(progress(at: 3, stored: 5_000, delivered: 3_000))
        #expect(line.contains("acked 5,000 (2,000/s)"))
        #expect(line.contains("delivered 3,000 (1,005/s)"))
        #expect(line.contains("in flight 2,000"))
    }

    @Test("a terminal's line is rewritten, a file gets lines")
    func forms() {
        let written = Mutex("")
        var plain = LiveView(isTerminal: false) { text in written.withLock { $0 += text } }
        plain.show(progress(at: 1, stored: 1, delivered: 1))
        #expect(written.withLock { $0.hasSuffix("\n") && !$0.contains("\u{1B}") })
        written.withLock { $0 = "" }
        var terminal = LiveView(isTerminal: true) { text in written.withLock { $0 += text } }
        terminal.show(progress(at: 1, stored: 1, delivered: 1))
        #expect(written.withLock { $0.hasPrefix("\r") && !$0.hasSuffix("\n") })
    }
}
