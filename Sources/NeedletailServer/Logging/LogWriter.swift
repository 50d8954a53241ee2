import Glibc
import Threading
import WebhookModel

/// Writes log lines to a file descriptor from a thread of its own, so that a reader that stops reading never blocks the
/// queue or a sender.
///
/// Lines wait in a bounded buffer. A line that does not fit is dropped and counted, and the number is written as soon
/// as there is room again. A line is written whole or not at all, also where write(2) takes only a part of it.
package final class LogWriter: Sendable {
    private struct State {
        /// Whole lines that the thread has not taken yet.
        var waiting: [UInt8] = []
        /// Bytes that were ever accepted, and of those the ones that are written (or lost, after an error of the
        /// descriptor).
        var accepted: UInt64 = 0
        var written: UInt64 = 0
        var dropped = 0
        var isClosed = false
        /// Rung whenever something was written.
        var flushers: [Bell] = []
    }

    private let descriptor: CInt
    private let capacity: Int
    private let droppedLine: @Sendable (_ count: Int) -> String
    private let state = Locked(State())
    private let bell = Bell()
    private let thread = Locked<WorkerThread?>(nil)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - descriptor: stays open until `close` returns. It may be in blocking mode.
    ///   - capacity: bytes of lines that wait.
    ///   - droppedLine: the line that reports dropped lines, with its line feed.
    package init(
        descriptor: CInt, capacity: Int = Limits.logBufferBytes,
        droppedLine: @escaping @Sendable (_ count: Int) -> String
    ) {
        self.descriptor = descriptor
        self.capacity = capacity
        self.droppedLine = droppedLine
        // The thread keeps the writer alive until `close`.
        let started = WorkerThread(name: "log") { self.run() }
        thread.withLock { $0 = started }
    }

    /// Accepts a line, or drops it where the buffer is full. Never waits for the descriptor.
    ///
    /// - Parameters:
    ///   - line: with its line feed.
    ///   - mustStay: accepted even where the buffer is full; for the last words of a process.
    package func write(_ line: String, mustStay: Bool = false) {
        var line = line
        line.withUTF8 { bytes in
            state.withLock { state in
                // After a dropped line the next ones are dropped too, until the number is reported. The report then
                // stands where they are missing.
                guard mustStay || state.dropped == 0 && state.waiting.count + bytes.count <= capacity else {
                    state.dropped += 1
                    return
                }
                state.waiting.append(contentsOf: bytes)
                state.accepted += UInt64(bytes.count)
            }
        }
        bell.ring()
    }

    /// Waits until every line that was accepted before is written.
    ///
    /// - Parameter milliseconds: how long to wait at most, for a descriptor that nobody reads.
    /// - Returns: whether all is written.
    @discardableResult
    package func flush(milliseconds: Int64 = Limits.logFlushMilliseconds) -> Bool {
        let deadline = Instant.now().monotonic + milliseconds * 1_000_000
        let news = Bell()
        let target = state.withLock { state in
            state.flushers.append(news)
            return state.accepted
        }
        defer { state.withLock { $0.flushers.removeAll { $0 === news } } }
        while true {
            if state.withLock({ $0.written >= target }) { return true }
            let left = deadline - Instant.now().monotonic
            guard left > 0 else { return false }
            news.wait(nanoseconds: left)
        }
    }

    /// Ends the thread after it has written what waits. Blocks as long as the descriptor does.
    package func close() {
        state.withLock { $0.isClosed = true }
        bell.ring()
        thread.withLock(\.self)?.join()
    }

    // MARK: The thread

    private func run() {
        // A closed pipe is reported by write(2) as EPIPE. The signal would end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var lines: [UInt8] = []
        while let dropped = take(&lines) {
            writeAll(lines)
            let count = UInt64(lines.count)
            if dropped > 0 { writeAll(Array(droppedLine(dropped).utf8)) }
            let flushers = state.withLock { state in
                state.written += count
                return state.flushers
            }
            for flusher in flushers { flusher.ring() }
        }
    }

    /// Waits for lines and takes all of them.
    ///
    /// - Returns: the number of lines dropped after them; nil: closed, and nothing is left.
    private func take(_ lines: inout [UInt8]) -> Int? {
        lines.removeAll(keepingCapacity: true)
        while true {
            let taken: (dropped: Int, isOver: Bool) = state.withLock { state in
                swap(&lines, &state.waiting)
                defer { state.dropped = 0 }
                return (state.dropped, state.isClosed)
            }
            if !lines.isEmpty || taken.dropped > 0 { return taken.dropped }
            if taken.isOver { return nil }
            bell.wait()
        }
    }

    private func writeAll(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    // Somebody who shares the descriptor made it non-blocking.
                    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&wanted, 1, -1)
                } else if errno != EINTR {
                    // The reader has gone: there is nobody to tell.
                    return
                }
            }
        }
    }
}
