import ArgumentParser
import Foundation
import MockReceiver
import NIOCore

struct AwaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "await",
        abstract:
            "Wait until enough requests have arrived; exit status 3: the time was over, 6: inconclusive."
    )
    @OptionGroup var admin: AdminOptions
    @OptionGroup(title: "Filter") var filter: FilterOptions
    @Option(
        parsing: .unconditional, help: "The number of requests that match the filter, including earlier ones.")
    var requests: Int?
    @Option(parsing: .unconditional, help: "Or the number of accepted messages, over all endpoints.")
    var accepted: Int?
    @Option(parsing: .unconditional, help: "The most seconds to wait.")
    var timeout = 30.0

    func validate() throws {
        guard (requests == nil) != (accepted == nil) else {
            throw ValidationError("expected --requests N or --accepted N")
        }
        guard accepted == nil || filter.isEmpty else {
            throw ValidationError(
                "--accepted counts messages of all endpoints; with a filter use --requests, such as --requests 5 --status 2xx"
            )
        }
        try check("--timeout", timeout, 0...3_600)
    }

    func run() async throws {
        let pairs = [
            ("requests", requests.map { "\($0)" }), ("accepted", accepted.map { "\($0)" }), ("timeout", "\(timeout)"),
        ]
        let answered = try await admin.call(
            "POST", target("/await", filter.pairs + pairs), answers: .object(["found", "wanted"]),
            expecting: [200, 408], patience: AdminCaller.patience + .milliseconds(Int64(timeout * 1_000)))
        if admin.json {
            Terminal.print(answered.text)
        } else if answered.status == 200 {
            Terminal.print("\(answered.number("found")) came, after \(answered.number("took_ms")) ms")
        } else {
            Terminal.complain("\(answered.failure)")
        }
        guard answered.object["inconclusive"] as? Bool != true else {
            if answered.status == 200 {
                Terminal.complain("inconclusive: the accounts are full; start the receiver with a larger --messages")
            }
            throw ExitStatus.inconclusive
        }
        guard answered.status == 200 else { throw ExitStatus.doesNotHold }
    }
}

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check assertions: exit status 0 all hold, 3 one fails, 6 inconclusive.",
        discussion: """
            An assertion is NAME=N, NAME>=N or NAME<=N with a name of `stats`: accepted=500 duplicates=0 5xx<=3. A file contains a list in \
            YAML or JSON: - {path: /orders, accepted: 500, requests: {at_most: 750}}
            """)
    @OptionGroup var admin: AdminOptions
    @Option(help: "Of this path only; with * at its end of every path with that prefix.")
    var path: String?
    @Option(help: "Of this message only.")
    var id: String?
    @Option(help: "A file with more assertions; -: standard input.")
    var file: String?
    @Argument(help: "Assertions.")
    var assertions: [String] = []

    func validate() throws {
        guard file != nil || !assertions.isEmpty else {
            throw ValidationError("expected assertions, such as accepted=500, or --file")
        }
    }

    func run() async throws {
        var answers: [Answered] = []
        if let file {
            let text = try TextFile(file).text()
            do {
                _ = try AssertionFile.parse(text)
            } catch {
                throw ValidationError(error.mistakes.map { "\(file):\($0)" }.joined(separator: "\n"))
            }
            answers.append(try await ask(text))
        }
        if !assertions.isEmpty { answers.append(try await ask(try written())) }
        for answer in answers {
            if admin.json { Terminal.print(answer.text) } else { show(answer) }
        }
        guard answers.contains(where: { $0.status != 200 }) else { return }
        let fails = answers.contains { $0.status != 200 && !($0.object["inconclusive"] as? Bool ?? false) }
        throw fails ? ExitStatus.doesNotHold : ExitStatus.inconclusive
    }

    private func ask(_ body: String) async throws -> Answered {
        try await admin.call(
            "POST", "/verify", answers: .object(["holds", "findings"]), body: body, expecting: [200, 409])
    }

    private func show(_ answer: Answered) {
        for finding in answer.list("findings") {
            Terminal.print(
                "\(finding["outcome"] ?? ""): \(finding["assertion"] ?? ""); found \(finding["found"] ?? "")")
        }
    }

    /// The short forms in the form of a file.
    private func written() throws -> String {
        let pattern = try path.map { text in
            guard let pattern = PathPattern(text) else {
                throw ValidationError(
                    "--path: invalid value \"\(text)\"; expected a path that begins with /, exact or ending with *")
            }
            return pattern
        }
        let items = try assertions.map { text -> [String: Any] in
            let assertion: Assertion
            do throws(ProgramError) {
                assertion = try AssertionFile.parse(short: text, path: pattern, id: id)
            } catch {
                throw ValidationError(error.mistakes.map(\.text).joined(separator: "\n"))
            }
            var item: [String: Any] = [
                assertion.measure.rawValue: [
                    "at_least": assertion.range.lowerBound, "at_most": assertion.range.upperBound,
                ]
            ]
            if let path { item["path"] = path }
            if let id { item["id"] = id }
            return item
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: items), as: UTF8.self)
    }
}

struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract:
            "Compare a producer's ledger with what was received: exit status 0 proven, 4 lost, 7 corrupt, 6 inconclusive.",
        discussion: """
            The ledger is NDJSON: {"id":"evt_…","outcome":"acknowledged|refused|unknown","hash":"16 hex digits"} or with "body" in place \
            of "hash"; outcome and hash may be left out.
            """)
    @OptionGroup var admin: AdminOptions
    @Option(help: "Only what was received at this path.")
    var path: String?
    @Argument(help: "The ledger's file; -: standard input.")
    var ledger: String

    /// Ten million messages are compared after the last line was sent.
    private static let patience = TimeAmount.minutes(10)

    func run() async throws {
        // Read by one task, one part after the other.
        nonisolated(unsafe) var file = try TextFile(ledger)
        let answered = try await admin.call(
            "POST", target("/reconcile", [("path", path)]), answers: .object(["verdict", "arrived"]),
            pieces: { try file.piece() }, expecting: [200, 409], patience: ReconcileCommand.patience)
        if admin.json { Terminal.print(answered.text) } else { show(answered) }
        switch answered.object["verdict"] as? String {
        case "proven": return
        case "lost": throw ExitStatus.lost
        case "inconclusive": throw ExitStatus.inconclusive
        default: throw ExitStatus.corrupt
        }
    }

    private func show(_ answered: Answered) {
        Terminal.print("\(answered.object["verdict"] ?? "")")
        for key in [
            "arrived", "unaccepted", "lost", "phantom", "changed", "duplicates", "unknown_arrived", "unknown_missing",
            "refused_arrived", "refused_missing", "repeated_lines",
        ] where answered.number(key) > 0 || key == "arrived" || key == "lost" {
            Terminal.print("  \(key.replacing("_", with: " ")): \(answered.number(key))")
        }
        let lines = (answered.object["lost_lines"] as? [Int] ?? []).map { "\($0)" }
        if !lines.isEmpty { Terminal.print("  lost, lines of the ledger: \(lines.joined(separator: " "))") }
        for key in ["lost_ids", "phantom_ids", "changed_ids"] where !answered.texts(key).isEmpty {
            Terminal.print("  \(key.prefix { $0 != "_" }): \(answered.texts(key).joined(separator: " "))")
        }
    }
}
