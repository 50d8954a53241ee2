import ArgumentParser
import MockReceiver

struct ResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Forget accounts, counters, endpoints and the journal; the program stays.")
    @OptionGroup var admin: AdminOptions

    func run() async throws { _ = try await admin.call("POST", "/reset", answers: .nothing) }
}

struct ProgramCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "program", abstract: "Read or change the program of a running receiver.",
        subcommands: [GetProgram.self, PutProgram.self])

    struct GetProgram: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "Print the current program as YAML, without secrets.")
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await admin.copy("/program", type: "application/yaml") }
    }

    struct PutProgram: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "put",
            abstract:
                "Replace the program from the next request on; counters stay, and so do known secrets if the new one has no `secrets`."
        )
        @OptionGroup var admin: AdminOptions
        @Argument(help: ArgumentHelp("A ready program, a file, or - for standard input.", valueName: "name|file"))
        var program: String

        func run() async throws {
            let text = try ProgramSource.text(program)
            // Mistakes are reported here, with the file's name.
            _ = try ProgramSource.program(program, text)
            let answered = try await admin.call(
                "PUT", "/program", answers: .object(["rules", "connections"]), body: text)
            Terminal.print(
                admin.json
                    ? answered.text
                    : "\(answered.number("rules")) rules hold, \(answered.number("connections")) for connections"
            )
        }
    }
}

struct FaultCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fault", abstract: "Inject a fault into the next requests of a path, whatever the program says.")
    @OptionGroup var admin: AdminOptions
    @Option(help: "Of this path; with * at its end of every path with that prefix.")
    var path = "*"
    @Option(parsing: .unconditional, help: "The number of requests.")
    var count = 1
    @Option(parsing: .unconditional, help: "Answer with this status.")
    var status: Int?
    @Option(help: "With this Retry-After: seconds, date+SECONDS, or any text.")
    var retryAfter: String?
    @Option(
        help: ArgumentHelp(
            "This fault: see FAULTS in --help; with a parameter such as slow_head=20ms.", valueName: "name[=parameter]")
    )
    var fault: String?

    func validate() throws {
        guard status != nil || fault != nil else { throw ValidationError("expected --status or --fault") }
        guard PathPattern(path) != nil else {
            throw ValidationError(
                "--path: invalid value \"\(path)\"; expected a path that begins with /, exact or ending with *")
        }
        try check("--count", count, 1...1_000_000)
        if let status { try check("--status", status, 200...599) }
        _ = try fault.map(written)
    }

    func run() async throws {
        var parts = ["path: \(quoted(path))", "count: \(count)"]
        if let status { parts.append("status: \(status)") }
        if let retryAfter { parts.append("retry_after: \(quoted(retryAfter))") }
        if let fault { parts.append("fault: \(try written(fault))") }
        let answered = try await admin.call(
            "POST", "/fault", answers: .object(["path", "count"]), body: "{\(parts.joined(separator: ", "))}")
        Terminal.print(admin.json ? answered.text : "the next \(answered.number("count")) requests to \(path)")
    }

    /// `name` or `name=measure` in the form of a program: a number must not be quoted.
    private func written(_ text: String) throws -> String {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = halves[0]
        guard Fault.words[name] != nil || Fault.measured.contains(name) else {
            let known = Set(Fault.words.keys).union(Fault.measured).sorted()
            throw ValidationError("--fault: \(NearWord.unknown(name, among: known))")
        }
        let measure = halves.count == 2 ? halves[1] : ""
        guard !measure.isEmpty else {
            guard halves.count == 1, Fault.words[name] != nil else {
                let example = Fault.measures[name].map { ", such as \(name)=\($0)" } ?? ""
                throw ValidationError("--fault \(text): the parameter is missing; expected one\(example)")
            }
            return quoted(name)
        }
        guard Fault.measured.contains(name) else {
            throw ValidationError(
                "--fault \(name) takes no parameter; those that do are \(Fault.measured.joined(separator: ", "))")
        }
        let isText = name == "slow_head" || name == "redirect_to"
        let number = isText ? nil : Int(measure).map { "\($0)" }
        return "{\(name): \(number ?? quoted(measure))}"
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox", abstract: "Separate paths, with pages that show their requests.",
        subcommands: [OpenInbox.self, ListInboxes.self, ShowInbox.self, CloseInbox.self],
        defaultSubcommand: OpenInbox.self)

    struct OpenInbox: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "open", abstract: "Open one (the default).")
        @OptionGroup var admin: AdminOptions
        @Option(help: ArgumentHelp("How long it stays open: 1s to 7d.", valueName: "duration"))
        var expires = "24h"

        func run() async throws {
            let answered = try await admin.call(
                "POST", target("/inboxes", [("expires", expires)]), answers: .object(["token", "url", "page"]),
                expecting: [201])
            if admin.json { return Terminal.print(answered.text) }
            let secure = answered.object["tls_url"].map { "\nor to       \($0)" } ?? ""
            Terminal.print(
                "webhooks to \(answered.object["url"] ?? "")\(secure)\npage        \(admin.address)\(answered.object["page"] ?? "")"
            )
        }
    }

    struct ListInboxes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Open inboxes, newest first.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let answered = try await admin.call("GET", "/inboxes", answers: .list)
            if admin.json { return Terminal.print(answered.text) }
            for inbox in answered.items {
                Terminal.print(
                    "\(inbox["token"] ?? "")  \(inbox["url"] ?? "")  until \(Moment.text(inbox["expires_us"]))")
            }
        }
    }

    struct ShowInbox: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "The latest 100 requests of one, as JSON, newest first.")
        @OptionGroup var admin: AdminOptions
        @Argument(help: "Its token.")
        var token: String

        func validate() throws { try InboxCommand.checkToken(token) }

        func run() async throws {
            let answered = try await admin.call(
                "GET", "/inboxes/\(segment(token))", answers: .object(["inbox", "requests"]))
            Terminal.print(answered.text)
        }
    }

    struct CloseInbox: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "close", abstract: "Close one.")
        @OptionGroup var admin: AdminOptions
        @Argument(help: "Its token.")
        var token: String

        func validate() throws { try InboxCommand.checkToken(token) }

        func run() async throws {
            _ = try await admin.call("DELETE", "/inboxes/\(segment(token))", answers: .nothing)
        }
    }

    private static func checkToken(_ token: String) throws {
        guard !token.isEmpty else { throw ValidationError("<token> is empty; `inbox list` shows those that are open") }
    }
}
