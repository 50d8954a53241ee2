import Foundation

/// The server under test as a child process that can be killed and started again.
package final class ServerProcess {
    private let command: [String]
    private let log: FileHandle
    private let logPath: String
    private var process: Process?

    /// - Parameter logPath: the file to which its standard output and error are appended.
    package init(command: [String], logPath: String) throws {
        guard !command.isEmpty else {
            throw LoadTestError("no server command; expected the command that starts the server")
        }
        self.command = command
        self.logPath = logPath
        if !FileManager.default.fileExists(atPath: logPath) {
            _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        }
        guard let log = FileHandle(forWritingAtPath: logPath) else {
            throw LoadTestError("--server-log \(logPath): cannot be written")
        }
        log.seekToEndOfFile()
        self.log = log
    }

    var pid: Int32? { process?.processIdentifier }
    package var isRunning: Bool { process?.isRunning ?? false }

    package func start() throws {
        let process = Process()
        // `env` looks the program up in PATH.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = log
        process.standardError = log
        do { try process.run() } catch { throw LoadTestError("\(command[0]) does not start: \(error)") }
        self.process = process
    }

    /// SIGKILL, and waits until it is gone.
    package func kill() async throws {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        while process.isRunning { try await Task.sleep(for: .milliseconds(1)) }
    }

    /// SIGTERM; then SIGKILL if it still runs after `seconds`.
    package func stop(within seconds: Double) async {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGTERM)
        let deadline = WallClock.now() + Int64(seconds * 1e9)
        while process.isRunning, WallClock.now() < deadline { try? await Task.sleep(for: .milliseconds(10)) }
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }

    /// Why it ended by itself, with the last line of its output.
    package var epitaph: String {
        let words = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? ""
        let last = words.split(separator: "\n").last.map { ": \($0)" } ?? ""
        return "the server (\(command.joined(separator: " "))) ended by itself\(last)"
    }
}
