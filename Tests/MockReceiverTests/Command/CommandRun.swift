import Foundation
import TestSupport

/// One run of `mock-receiver`, or of another program, to its end.
struct CommandRun {
    let status: Int32
    let output: String
    let errors: String

    /// - Parameters:
    ///   - input: standard input.
    ///   - admin: what `MOCK_RECEIVER_ADMIN` says.
    init(_ arguments: [String], input: String = "", admin: Int? = nil) async throws {
        try await self.init(program: ServerExecutable.path(of: "mock-receiver"), arguments, input: input, admin: admin)
    }

    init(program: String, _ arguments: [String], input: String = "", admin: Int? = nil) async throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        // Not the tests' own: one of them sets http_proxy for a while, and curl and Python would ask it.
        var environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
        if let admin { environment["MOCK_RECEIVER_ADMIN"] = "http://127.0.0.1:\(admin)" }
        process.environment = environment
        let pipes = (input: Pipe(), output: Pipe(), errors: Pipe())
        process.standardInput = pipes.input
        process.standardOutput = pipes.output
        process.standardError = pipes.errors
        let ended = AsyncStream<Void>.makeStream()
        process.terminationHandler = { _ in ended.continuation.finish() }
        try process.run()
        try pipes.input.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try pipes.input.fileHandleForWriting.close()
        async let output = CommandRun.all(of: pipes.output.fileHandleForReading)
        async let errors = CommandRun.all(of: pipes.errors.fileHandleForReading)
        self.output = await output
        self.errors = await errors
        for await _ in ended.stream {}
        status = process.terminationStatus
    }

    /// Read on a thread of its own: the read blocks.
    private static func all(of handle: FileHandle) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let data = (try? handle.readToEnd()) ?? Data()
                continuation.resume(returning: String(decoding: data, as: UTF8.self))
            }
        }
    }
}
