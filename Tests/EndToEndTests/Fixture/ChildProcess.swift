import Foundation

/// A process of ours, its standard error read line by line, and its output too where it is asked for. Killed with its last reference.
final class ChildProcess: Sendable {
    enum Exit: Sendable, Equatable {
        case code(Int32)
        case signal(Int32)
    }

    struct Output: Sendable {
        var lines: [String] = []
        var isComplete = false
        var exit: Exit?
    }

    let output = Watched(Output())
    private let process = Process()

    /// - Parameter readsOutput: whether standard output's lines count as well.
    init(_ program: String, _ arguments: [String], environment: [String: String], readsOutput: Bool = false) throws {
        let errors = Pipe()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = readsOutput ? errors : FileHandle.nullDevice
        process.standardError = errors
        process.terminationHandler = { [output] process in
            let status = process.terminationStatus
            output.change { $0.exit = process.terminationReason == .exit ? .code(status) : .signal(status) }
        }
        try process.run()
        // A thread that reads, and no readability handler: where another child inherited the pipe, libdispatch goes on getting events
        // for a source that it has freed, and crashes.
        Thread.detachNewThread { [output] in ChildProcess.read(errors.fileHandleForReading, into: output) }
    }

    private static func read(_ handle: FileHandle, into output: Watched<Output>) {
        var tail = Data()
        while true {
            let data = handle.availableData
            tail += data
            let lines = takeLines(from: &tail)
            output.change {
                $0.lines += lines
                $0.isComplete = data.isEmpty
            }
            if data.isEmpty { return }
        }
    }

    deinit { if output.value.exit == nil { kill(process.processIdentifier, SIGKILL) } }

    var pid: Int32 { process.processIdentifier }
    var lines: [String] { output.value.lines }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// The first line that holds the text; nil where the process ended without it.
    func line(with text: String) async throws -> String? {
        try await output.wait(for: "a line with \(text)") { output -> String?? in
            if let line = output.lines.first(where: { $0.contains(text) }) { return line }
            return output.isComplete && output.exit != nil ? .some(nil) : nil
        }
    }

    /// How it ended, with all that it said.
    func ended() async throws -> Exit {
        try await output.wait(for: "the end of the process") { $0.isComplete ? $0.exit : nil }
    }

    private static func takeLines(from tail: inout Data) -> [String] {
        var lines: [String] = []
        while let end = tail.firstIndex(of: 0x0A) {
            lines.append(String(decoding: tail[..<end], as: UTF8.self))
            tail = Data(tail[(end + 1)...])
        }
        return lines
    }
}
