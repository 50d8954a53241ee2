import Glibc
import Logging
import NeedletailServer
import Testing
import Threading

/// The log on a pipe, read or not.
@Suite(.timeLimit(.minutes(5))) struct LogWriterTests {
    private struct Pipe {
        let read: CInt
        let write: CInt

        init() {
            var ends: [CInt] = [0, 0]
            precondition(pipe(&ends) == 0, "pipe: errno \(errno)")
            (read, write) = (ends[0], ends[1])
        }

        /// Everything up to the end, which comes when the other side is closed.
        func all() -> String {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 4_096)
            while true {
                let count = Glibc.read(read, &chunk, chunk.count)
                guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
                bytes += chunk[..<count]
            }
        }
    }

    private func logger(_ writer: LogWriter) -> Logger {
        Logger(label: "test") { _ in LineLogHandler(format: .text, logLevel: .info, writer: writer) }
    }

    /// Runs `body` on a thread; whether it ended within ten seconds.
    private func ends(_ body: @escaping @Sendable () -> Void) -> Bool {
        let done = Bell()
        let isDone = Locked(false)
        _ = WorkerThread(name: "logs") {
            body()
            isDone.withLock { $0 = true }
            done.ring()
        }
        let deadline = Instant.now().monotonic + 10_000_000_000
        while !isDone.withLock(\.self), Instant.now().monotonic < deadline { done.wait(nanoseconds: 100_000_000) }
        return isDone.withLock(\.self)
    }

    @Test func `a reader that does not read blocks no thread, and no line is cut`() {
        let pipe = Pipe()
        let writer = LineLogHandler.writer(.text, descriptor: pipe.write, capacity: 32 * 1_024)
        let logger = logger(writer)
        let lines = 5_000
        #expect(ends { for index in 0..<lines { logger.info("line", metadata: ["index": "\(index)"]) } })
        // Only now somebody reads.
        let text = Locked("")
        let reader = WorkerThread(name: "reader") {
            let all = pipe.all()
            text.withLock { $0 = all }
        }
        #expect(writer.flush(milliseconds: 10_000))
        logger.info("after")
        writer.close()
        close(pipe.write)
        reader.join()
        let read = text.withLock(\.self).split(separator: "\n").map(String.init)
        let whole = read.filter { $0.wholeMatch(of: /\S+Z info     line index=\d+/) != nil }
        let reports = read.compactMap {
            $0.firstMatch(of: /(\d+) log lines? (?:was|were) dropped/).flatMap { Int($0.output.1) }
        }
        #expect(whole.count + reports.count + 1 == read.count, "a line is neither whole nor a report")
        #expect(read.last?.hasSuffix("info     after") == true)
        #expect(!reports.isEmpty && whole.count + reports.reduce(0, +) == lines, "\(whole.count) \(reports)")
        let indices = whole.compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }
        #expect(indices == indices.sorted())
        close(pipe.read)
    }

    @Test func `a line longer than a pipe arrives whole`() {
        let pipe = Pipe()
        let writer = LineLogHandler.writer(.text, descriptor: pipe.write)
        let text = String(repeating: "x", count: 200_000)
        writer.write(text + "\n")
        let read = Locked("")
        let reader = WorkerThread(name: "reader") {
            let all = pipe.all()
            read.withLock { $0 = all }
        }
        writer.close()
        close(pipe.write)
        reader.join()
        #expect(read.withLock(\.self) == text + "\n")
        close(pipe.read)
    }

    @Test func `a critical line is written when the call returns`() {
        let pipe = Pipe()
        let writer = LineLogHandler.writer(.json, descriptor: pipe.write)
        logger(writer).critical("the end")
        // Nothing but the pipe holds it now.
        var byte = pollfd(fd: pipe.read, events: Int16(POLLIN), revents: 0)
        #expect(poll(&byte, 1, 0) == 1)
        writer.close()
        close(pipe.write)
        #expect(pipe.all().contains("the end"))
        close(pipe.read)
    }

    @Test func `a critical line is kept when others are dropped, and waits for a limited time`() {
        let pipe = Pipe()
        let writer = LineLogHandler.writer(.text, descriptor: pipe.write, capacity: 1_024)
        let logger = logger(writer)
        #expect(
            ends {
                for _ in 0..<5_000 { logger.info("filling the pipe and the buffer") }
                logger.critical("the end")
            })
        let read = Locked("")
        let reader = WorkerThread(name: "reader") {
            let all = pipe.all()
            read.withLock { $0 = all }
        }
        writer.close()
        close(pipe.write)
        reader.join()
        #expect(read.withLock(\.self).contains("critical the end\n"))
        close(pipe.read)
    }

    @Test func `a closed reader does not end the process`() {
        let pipe = Pipe()
        let writer = LineLogHandler.writer(.text, descriptor: pipe.write)
        close(pipe.read)
        logger(writer).info("to nobody")
        #expect(writer.flush(milliseconds: 10_000))
        writer.close()
        close(pipe.write)
    }
}
