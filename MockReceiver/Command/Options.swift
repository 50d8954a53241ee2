import ArgumentParser
import MockReceiver
import WebhookSigning

struct ListeningOptions: ParsableArguments {
    @Option(help: "Address that both ports listen on.")
    var host = "127.0.0.1"

    @Option(parsing: .unconditional, help: "Data port, for webhooks. 0: the system chooses.")
    var port = 9400

    @Option(
        parsing: .unconditional,
        help: "Data port for HTTPS, HTTP/1.1 and HTTP/2, with a certificate of a throw-away CA. 0: the system chooses.")
    var tlsPort: Int?

    @Option(help: "A name of this host for senders over HTTPS, besides localhost and --host. May be repeated.")
    var tlsName: [String] = []

    @Option(
        name: .customLong("tls-ca"),
        help: ArgumentHelp("File to write the CA's certificate (PEM) to, for senders to trust.", valueName: "file"))
    var tlsCA: String?

    @Option(parsing: .unconditional, help: "Admin port: HTTP with JSON. 0: the system chooses.")
    var adminPort = 9401

    @Option(
        help:
            "A name of the admin port for browsers and tools, besides addresses, localhost and --host. May be repeated."
    )
    var adminName: [String] = []

    @Option(parsing: .unconditional, help: "Event loops of the data port; more than one only if cores are free.")
    var loops = 1

    @Option(parsing: .unconditional, help: "Latest requests kept for /journal, heads and bodies; 0: none, for speed.")
    var journal = 1_000

    @Option(
        help: ArgumentHelp(
            "A file to which every request is appended with whole head and body, as NDJSON.", valueName: "file"))
    var journalFile: String?

    @Option(
        parsing: .unconditional,
        help: "Messages in the accounts; beyond it reports say inconclusive. 88 bytes each, and 6 to 12 from the start."
    )
    var messages = 1_000_000

    func validate() throws {
        try check("--port", port, 0...65_535)
        if let tlsPort { try check("--tls-port", tlsPort, 0...65_535) }
        try check("--admin-port", adminPort, 0...65_535)
        try check("--loops", loops, 1...64)
        try check("--journal", journal, 0...1_000_000)
        try check("--messages", messages, 1...100_000_000)
    }

    /// The default HTTPS port if a program has TLS faults.
    private static let standardTLSPort = 9443

    /// - Parameter program: one with TLS faults opens an HTTPS port, and so does a request for certificates.
    func apply(to configuration: inout ReceiverConfiguration, for program: BehaviourProgram) {
        let needsTLS = tlsCA != nil || !tlsName.isEmpty || program.connections.contains(where: \.fault.isOfTLS)
        configuration.host = host
        configuration.port = port
        configuration.tlsPort = tlsPort ?? (needsTLS ? (port == 0 ? 0 : ListeningOptions.standardTLSPort) : nil)
        configuration.tlsNames = tlsName
        configuration.adminPort = adminPort
        configuration.adminNames = adminName
        configuration.loops = loops
        configuration.journalCapacity = journal
        configuration.journalFile = journalFile
        configuration.messageCap = messages
    }
}

struct BehaviourOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Behaviour program: a ready one (`mock-receiver programs`), or a file in YAML or JSON.",
            valueName: "name|file"))
    var program: String?

    @Option(
        help: ArgumentHelp(
            """
            Check signatures with this secret; with PATH= before it only at that path, with SCHEME: after that by a scheme other than standard \
            (stripe, github, …). Repeat a path for several live secrets.
            """,
            valueName: "[path=][scheme:]secret"))
    var secret: [String] = []

    @Option(parsing: .unconditional, help: "Status of answers.")
    var status = 200

    @Option(parsing: .unconditional, help: "Milliseconds before an answer.")
    var delayMs = 0

    @Option(parsing: .unconditional, help: "The number of first attempts of each webhook-id that fail.")
    var failFirst = 0

    @Option(parsing: .unconditional, help: "Share of the other attempts that fail, percent.")
    var failPercent = 0.0

    @Option(parsing: .unconditional, help: "Status of failing attempts.")
    var failStatus = 503

    @Option(parsing: .unconditional, help: "Seed of the faults (default: the program's, or 1).")
    var seed: UInt64?

    func validate() throws {
        try check("--status", status, 200...599)
        try check("--fail-status", failStatus, 200...599)
        try check("--delay-ms", delayMs, 0...Behaviour.mostDelay)
        try check("--fail-first", failFirst, 0...1_000_000)
        try check("--fail-percent", failPercent, 0...100)
        _ = try secretRules()
    }

    /// The file's rules; the options' rule comes last.
    func makeProgram() throws -> BehaviourProgram {
        var program = try program.map(ProgramSource.program) ?? BehaviourProgram()
        let behaviour = Behaviour(
            reply: .answer(Answer(status: status)), delay: .fixed(delayMs), failFirst: failFirst,
            failShare: failPercent / 100,
            failure: .answer(Answer(status: failStatus)))
        if behaviour != Behaviour() {
            guard !program.rules.contains(where: { $0.pattern == .all && $0.conditions == .always }) else {
                throw ValidationError(
                    "--status, --delay-ms and --fail-... have no effect: the program has a rule for every path; change that rule"
                )
            }
            program.rules.append(BehaviourProgram.Rule(.all, behaviour))
        }
        let rules = try secretRules()
        if !rules.isEmpty { program.secrets = rules + (program.secrets ?? []) }
        if let seed { program.seed = seed }
        return program
    }

    /// One rule for each path, in order; secrets for every path come last.
    private func secretRules() throws -> [BehaviourProgram.SecretRule] {
        var byPath: [(path: String, scheme: SignatureScheme, secrets: [String])] = []
        for text in secret {
            let (path, scheme, written) = try BehaviourOptions.parts(text)
            if let known = byPath.firstIndex(where: { $0.path == path && $0.scheme == scheme }) {
                byPath[known].secrets.append(written)
            } else {
                byPath.append((path, scheme, [written]))
            }
        }
        return try (byPath.filter { $0.path != "*" } + byPath.filter { $0.path == "*" }).map(secretRule)
    }

    /// `[path=][scheme:]secret`: no secret of the standard scheme contains a colon.
    private static func parts(_ text: String) throws -> (path: String, scheme: SignatureScheme, secret: String) {
        var path = "*"
        var rest = text[...]
        if text.hasPrefix("/") || text.hasPrefix("*"), let equals = text.firstIndex(of: "=") {
            path = String(text[..<equals])
            rest = text[text.index(after: equals)...]
        }
        guard let colon = rest.firstIndex(of: ":") else { return (path, .standard, String(rest)) }
        let name = rest[..<colon]
        // A text that cannot be a scheme's name may be part of a secret, so it is not repeated.
        guard !name.isEmpty, name.count <= 32,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        else { return (path, .standard, String(rest)) }
        do {
            return (path, try SignatureScheme(written: String(name)), String(rest[rest.index(after: colon)...]))
        } catch {
            throw ValidationError("--secret for \(path): \(error); expected [PATH=][SCHEME:]SECRET")
        }
    }

    private func secretRule(
        path: String, scheme: SignatureScheme, secrets: [String]
    ) throws -> BehaviourProgram.SecretRule {
        guard let pattern = PathPattern(path) else {
            throw ValidationError("--secret for \(path): expected an exact path, or one that ends with *")
        }
        do {
            let set = try SecretSet(written: secrets, form: scheme.secretForm)
            return BehaviourProgram.SecretRule(pattern, set, scheme: scheme)
        } catch {
            // The value may be a secret, so it is not repeated.
            throw ValidationError(
                "--secret for \(path): \(error); expected [PATH=][SCHEME:]SECRET, with a path that begins with /")
        }
    }
}

/// Checks that an option's value is within its range.
func check<Value: Comparable>(_ option: String, _ value: Value, _ range: ClosedRange<Value>) throws {
    guard range.contains(value) else {
        throw ValidationError(
            "\(option): invalid value \"\(value)\"; expected \(range.lowerBound) to \(range.upperBound)")
    }
}
