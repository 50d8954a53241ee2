import Dispatch
import Glibc
import MockReceiver

/// Standard output, unbuffered.
enum Terminal {
    /// Whether standard output is a terminal.
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    static func print(_ text: String) { write(text + "\n", STDOUT_FILENO) }

    /// To standard error.
    static func complain(_ text: String) { write(text + "\n", STDERR_FILENO) }

    /// Writes bytes unchanged to standard output.
    static func pass(_ bytes: some Sequence<UInt8>) { write(Array(bytes), STDOUT_FILENO) }

    /// Overwrites the current line.
    static func overwrite(_ line: String) { write("\r\u{1B}[K" + line, STDOUT_FILENO) }

    private static func write(_ text: String, _ descriptor: Int32) { write(Array(text.utf8), descriptor) }

    private static func write(_ bytes: [UInt8], _ descriptor: Int32) {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 || errno == EINTR else { return }
            bytes = bytes.dropFirst(max(0, written))
        }
    }
}

/// SIGINT and SIGTERM, from the time it is made.
struct StopSignals {
    private let arrivals: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (arrivals, arrive) = AsyncStream<Void>.makeStream()
        self.arrivals = arrivals
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { arrive.yield() }
            source.activate()
            return source
        }
    }

    /// Waits for the first of them.
    func wait() async {
        for await _ in arrivals { return }
    }
}

/// One line of counts, updated every second on a terminal.
struct LiveLine {
    private let task: Task<Void, Never>

    /// nil: standard output is not a terminal.
    static func start(_ server: ReceiverServer) -> LiveLine? {
        guard Terminal.isInteractive else { return nil }
        let task = Task {
            var before = 0
            while !Task.isCancelled {
                let stats = server.stats()
                Terminal.overwrite(Summary.line(stats, perSecond: stats.totals.requests - before))
                before = stats.totals.requests
                try? await Task.sleep(for: .seconds(1))
            }
        }
        return LiveLine(task: task)
    }

    func stop() {
        task.cancel()
        Terminal.overwrite("")
    }
}
