import ArgumentParser
import Conformance
import Glibc
import NeedletailServer

struct ConformanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conformance",
        abstract: "Test a server against the clauses of the ingest protocol, and name those that it breaks.",
        discussion: """
            Any server can be tested: the run uses only a socket. It publishes some hundred events of type \
            `conformance.check` for the tenant, a few of them of the announced size; no endpoint should want them. It \
            takes six to eleven seconds, because it waits for the server's deadlines.

            Examples:

              needletail conformance 127.0.0.1:7400 --key-file shop.key --tenant acme
              needletail conformance unix:/run/needletail.sock --key-file shop.key --clause 3.3
                One clause; also a section (5.4), a check (header-flags) or a group (header).
              needletail conformance 127.0.0.1:7400 --key-file shop.key \\
                --tenant acme --junit report.xml
                For continuous integration.
              needletail conformance --list
                The checks with their clauses.

            The clauses are those of Sources/WireProtocol/WireProtocol.docc/Protocol.md. Exit codes: 0 all passed or \
            skipped, 1 a clause is broken or the server cannot be tested, 2 arguments not understood.
            """)

    @Argument(help: ArgumentHelp("HOST:PORT, or unix:PATH.", valueName: "server"))
    var server: String?
    @Option(help: ArgumentHelp("API key; others on this machine can see it in the process list.", valueName: "key"))
    var key: String?
    @Option(
        help: ArgumentHelp(
            "File that holds the API key. Without either: the variable NEEDLETAIL_KEY.", valueName: "file"))
    var keyFile: String?
    @Option(help: ArgumentHelp("Tenant that the key allows; events are published for it.", valueName: "name"))
    var tenant = "conformance"
    @Option(help: ArgumentHelp("A tenant that exists and that the key does not allow.", valueName: "name"))
    var forbiddenTenant: String?
    @Option(help: ArgumentHelp("A disabled tenant that the key allows.", valueName: "name"))
    var disabledTenant: String?
    @Option(help: ArgumentHelp("Shell command that makes the server shut down; run last.", valueName: "command"))
    var drainCommand: String?
    @Option(
        help: ArgumentHelp("Run only checks of this clause, section, id or group; repeatable.", valueName: "clause"))
    var clause: [String] = []
    @Option(help: ArgumentHelp("Write JUnit XML to this file.", valueName: "file"))
    var junit: String?
    @Option(help: ArgumentHelp("How long an answer may take, and how late a deadline may be.", valueName: "seconds"))
    var timeout = 5.0
    @Flag(help: "List the checks with their clauses, and run none.")
    var list = false

    func run() async throws {
        let checks = try chosen()
        if list {
            for check in checks { print(ReportText.line(of: check)) }
            if clause.isEmpty {
                for (clause, reason) in Catalogue.untested { print("not checked: \(clause): \(reason)") }
            }
            return
        }
        let conformance = ConformanceRun(subject: try subject(), checks: checks)
        try conformance.preflight()
        print("\(checks.count) checks of the ingest protocol, version 1, against \(conformance.subject.address)")
        let board = ProgressBoard(
            total: checks.count, lines: { print($0) },
            status: isatty(STDERR_FILENO) == 1 ? ConformanceCommand.draw : nil)
        let report = conformance.run { board.show($0) }
        board.clear()
        print(ReportText.summary(of: report))
        if let junit { try write(JUnitReport.text(report), to: junit) }
        if !report.failed.isEmpty { throw ExitCode(1) }
    }

    private static let draw: @Sendable (String) -> Void = { text in
        // Flush before standard error is written.
        fflush(nil)
        var text = text
        text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "we") else {
            throw CannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
        let written = fputs(text, file) >= 0
        guard fclose(file) == 0, written else {
            throw CannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
    }

    private struct CannotWrite: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "cannot write \(path): \(reason)" }
    }

    private func chosen() throws -> [Check] {
        guard !clause.isEmpty else { return Catalogue.checks }
        let wanted = try clause.flatMap { text in
            let found = Catalogue.checks(matching: text)
            guard !found.isEmpty else {
                throw ValidationError("--clause \(text) matches no check; `needletail conformance --list` names them")
            }
            return found.map(\.id)
        }
        return Catalogue.checks.filter { wanted.contains($0.id) }
    }

    private func subject() throws -> Subject {
        guard let server else {
            throw ValidationError("no server; expected an address such as 127.0.0.1:7400 or unix:PATH")
        }
        guard let address = ServerAddress(server) else {
            throw ValidationError("invalid value \"\(server)\"; expected HOST:PORT or unix:PATH")
        }
        guard (0.1...600).contains(timeout) else {
            throw ValidationError("invalid --timeout; expected 0.1 to 600 seconds")
        }
        // Longer texts would trap in our encoder instead of testing the server.
        let names = [tenant, forbiddenTenant, disabledTenant].compactMap(\.self)
        guard names.allSatisfy({ (1...64).contains($0.utf8.count) }) else {
            throw ValidationError("invalid tenant name; expected 1 to 64 bytes")
        }
        let key = try givenKey()
        guard key.utf8.count <= 1_024 else { throw ValidationError("invalid API key; expected at most 1,024 bytes") }
        var subject = Subject(
            address: address, key: key, tenant: tenant, patience: .milliseconds(Int64(timeout * 1_000)))
        subject.forbiddenTenant = forbiddenTenant
        subject.disabledTenant = disabledTenant
        subject.drainCommand = drainCommand
        return subject
    }

    private func givenKey() throws -> String {
        if key?.isEmpty == true { throw ValidationError("--key is empty; expected an API key") }
        if let key { return key }
        if let keyFile { return try KeyFile.read(keyFile) }
        if let key = ProcessEnvironment.variables["NEEDLETAIL_KEY"], !key.isEmpty { return key }
        throw ValidationError("no API key; set --key-file FILE, --key KEY or NEEDLETAIL_KEY")
    }
}
