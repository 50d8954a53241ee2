import ArgumentParser
import Dispatch
import Foundation
import LoadTest

/// The command's output: standard error and the places of the report.
enum Terminal {
    static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// Runs a script and publishes its report.
    static func play(_ script: some StagedScript, _ load: LoadOptions) async throws {
        let mistakes = script.mistakes()
        guard mistakes.isEmpty else { throw ValidationError(mistakes.joined(separator: "\n")) }
        let run = StagedRun(script)
        let watch = InterruptWatch { run.interrupt() }
        defer { watch.stop() }
        var view = LiveView.standard(plain: load.plain)
        let report = try await run.run(view: &view)
        try publish(report, json: load.json)
        if report.exitCode != 0 { throw ArgumentParser.ExitCode(report.exitCode) }
    }

    /// Prints the report, and writes it as JSON if a file is named.
    static func publish(_ report: Report, json path: String?) throws {
        print(ReportText.render(report), terminator: "")
        guard let path else { return }
        do {
            try report.json().write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw LoadTestError("--json \(path): the report cannot be written: \(error.localizedDescription)")
        }
    }
}

/// While this object exists, SIGINT and SIGTERM call an action instead of ending the process. A second signal ends the
/// process.
final class InterruptWatch {
    private let sources: [any DispatchSourceSignal]

    init(_ action: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                signal(number, SIG_DFL)
                action()
            }
            source.resume()
            return source
        }
    }

    func stop() { for source in sources { source.cancel() } }
}
