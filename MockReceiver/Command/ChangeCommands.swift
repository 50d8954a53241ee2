import ArgumentParser

struct ResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Forget accounts, counters, endpoints and the journal; the program stays.")
    @OptionGroup var admin: AdminOptions

    func run() async throws { _ = try await admin.call("POST", "/reset") }
}

struct ProgramCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "program", abstract: "Read or change the program of a running receiver.",
        subcommands: [GetProgram.self, PutProgram.self])

    struct GetProgram: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "get", abstract: "The program that holds, as YAML, without secrets.")
        @OptionGroup var admin: AdminOptions

        func run() async throws { try await admin.copy("/program") }
    }

    struct PutProgram: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "put",
            abstract: "Another program from the next request on; counters and, without `secrets`, known secrets stay.")
        @OptionGroup var admin: AdminOptions
        @Argument(help: ArgumentHelp("A ready program, a file, or - for standard input.", valueName: "name|file"))
        var program: String

        func run() async throws {
            let text = try ProgramSource.text(program)
            // Mistakes are told here, with the file's name.
            _ = try ProgramSource.program(program, text)
            let answered = try await admin.call("PUT", "/program", body: text)
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
        commandName: "fault", abstract: "Spoil the next requests of a path, whatever the program says.")
    @OptionGroup var admin: AdminOptions
    @Option(help: "Of this path; with * at its end of every path that begins so.")
    var path = "*"
    @Option(help: "So many requests.")
    var count = 1
    @Option(help: "Answer with this status.")
    var status: Int?
    @Option(help: "And this Retry-After: seconds, date+SECONDS, or any text.")
    var retryAfter: String?
    @Option(
        help: ArgumentHelp(
            "This fault: see FAULTS in --help; with a measure as slow_head=20ms.", valueName: "name[=measure]"))
    var fault: String?

    func validate() throws {
        guard status != nil || fault != nil else { throw ValidationError("give --status or --fault") }
    }

    func run() async throws {
        var parts = ["path: \(quoted(path))", "count: \(count)"]
        if let status { parts.append("status: \(status)") }
        if let retryAfter { parts.append("retry_after: \(quoted(retryAfter))") }
        if let fault {
            let halves = fault.split(separator: "=", maxSplits: 1).map(String.init)
            parts.append("fault: " + (halves.count == 2 ? "{\(halves[0]): \(quoted(halves[1]))}" : quoted(fault)))
        }
        let answered = try await admin.call("POST", "/fault", body: "{\(parts.joined(separator: ", "))}")
        Terminal.print(admin.json ? answered.text : "the next \(answered.number("count")) requests to \(path)")
    }

    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}

struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox", abstract: "Paths of their own, with pages that show what comes.",
        subcommands: [OpenInbox.self, ListInboxes.self, ShowInbox.self, CloseInbox.self],
        defaultSubcommand: OpenInbox.self)

    struct OpenInbox: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "open", abstract: "Open one (what happens without a verb).")
        @OptionGroup var admin: AdminOptions
        @Option(help: ArgumentHelp("How long it lasts: 1s to 7d.", valueName: "duration"))
        var expires = "24h"

        func run() async throws {
            let answered = try await admin.call("POST", target("/inboxes", [("expires", expires)]), expecting: [201])
            if admin.json { return Terminal.print(answered.text) }
            let secure = answered.object["tls_url"].map { "\nor to       \($0)" } ?? ""
            Terminal.print(
                "webhooks to \(answered.object["url"] ?? "")\(secure)\npage        \(admin.address)\(answered.object["page"] ?? "")"
            )
        }
    }

    struct ListInboxes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Those that live, newest first.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let answered = try await admin.call("GET", "/inboxes")
            if admin.json { return Terminal.print(answered.text) }
            for inbox in answered.items {
                Terminal.print(
                    "\(inbox["token"] ?? "")  \(inbox["url"] ?? "")  until \(Moment.text(inbox["expires_us"]))")
            }
        }
    }

    struct ShowInbox: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "What came to one, as JSON: its latest 100, newest first.")
        @OptionGroup var admin: AdminOptions
        @Argument(help: "Its token.")
        var token: String

        func run() async throws { Terminal.print(try await admin.call("GET", "/inboxes/\(segment(token))").text) }
    }

    struct CloseInbox: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "close", abstract: "Close one.")
        @OptionGroup var admin: AdminOptions
        @Argument(help: "Its token.")
        var token: String

        func run() async throws { _ = try await admin.call("DELETE", "/inboxes/\(segment(token))") }
    }
}
