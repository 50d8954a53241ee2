import Dispatch
import Foundation
import LoadTest

/// The command's ends: standard error and the report's places.
enum Terminal {
    static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// Prints the report, and writes it as JSON where a file is named.
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

/// While it lives SIGINT and SIGTERM call an action instead of ending the process. A second signal ends it.
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
