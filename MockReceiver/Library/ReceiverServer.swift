public import WebhookModel

/// A running mock receiver: a data port that receives webhooks, and its records about them.
///
/// ```swift
/// let receiver = try await ReceiverServer.start(ReceiverConfiguration())
/// // … send to http://127.0.0.1:\(receiver.port)/orders …
/// let came = await receiver.wait(for: .accepted(500), timeout: .seconds(10))
/// try await receiver.stop()
/// ```
/// Every member may be used from any thread.
public final class ReceiverServer: Sendable {
    /// The data port's number.
    public let port: Int
    /// The HTTPS data port's number; nil: there is none.
    public let tlsPort: Int?
    /// The certificate (PEM) of the throw-away CA that senders must trust; nil: there is no HTTPS port.
    public let authorityCertificate: String?
    /// The admin port's number; nil: there is none.
    public let adminPort: Int?

    let control: ReceiverControl
    private let data: DataPort
    private let authority: ThrowawayAuthority?
    private let admin: AdminPort?
    private let journalFile: JournalFile?

    /// Listens on both ports; returns once both do.
    ///
    /// - Throws: `ListenError`: the address is in use, forbidden or does not belong to this machine.
    /// `JournalFileError`: the file cannot be written.
    public static func start(_ configuration: ReceiverConfiguration = ReceiverConfiguration()) async throws
        -> ReceiverServer
    {
        let file: JournalFile? = if let path = configuration.journalFile { try JournalFile(path) } else { nil }
        do {
            return try await start(configuration, file)
        } catch {
            await file?.close()
            throw error
        }
    }

    private static func start(_ configuration: ReceiverConfiguration, _ file: JournalFile?) async throws
        -> ReceiverServer
    {
        let shared = SharedCore(ReceiverCore(configuration, now: WallClock.now(), journalFile: file))
        let authority = configuration.tlsPort == nil ? nil : try ThrowawayAuthority(of: configuration)
        let control = ReceiverControl(shared, configuration, authorityCertificate: authority?.pem)
        let names = ["localhost", "127.0.0.1", "::1", configuration.host] + configuration.tlsNames
        let contexts = try authority.map { try TLSContexts($0, names: names.filter { $0 != "0.0.0.0" && $0 != "::" }) }
        let data = try await DataPort.start(configuration, shared: shared, contexts: contexts)
        do {
            let admin: AdminPort? =
                if let port = configuration.adminPort {
                    try await AdminPort.start(
                        host: configuration.host, port: port, control: control, dataPort: data.port,
                        tlsPort: data.tlsPort)
                } else { nil }
            return ReceiverServer(control: control, data: data, admin: admin, authority: authority, journalFile: file)
        } catch {
            try? await data.stop()
            throw error
        }
    }

    private init(
        control: ReceiverControl, data: DataPort, admin: AdminPort?, authority: ThrowawayAuthority?,
        journalFile: JournalFile?
    ) {
        self.journalFile = journalFile
        self.control = control
        self.data = data
        self.admin = admin
        port = data.port
        adminPort = admin?.port
        tlsPort = data.tlsPort
        authorityCertificate = authority?.pem
        self.authority = authority
    }

    /// Closes both ports and every connection, and the journal's file after everything is written; waits end with
    /// false. Records can still be read.
    public func stop() async throws {
        control.endWaits()
        await admin?.stop()
        try await data.stop()
        await journalFile?.close()
    }

    /// A client certificate and its key (PEM) that the receiver accepts if it asks for one; nil: there is no HTTPS
    /// port.
    ///
    /// - Throws: the name is not allowed in a certificate.
    public func issueClientCertificate(_ name: String = "sender") throws -> (certificate: String, key: String)? {
        try authority.map { authority in
            let issued = try authority.issue([name], for: .client)
            return (issued.certificate, issued.key)
        }
    }

    /// The totals at this moment.
    public func stats() -> ReceiverStats { control.stats() }

    /// Every endpoint's counters, in order of first use.
    public func endpoints() -> [EndpointStats] { control.endpoints() }

    /// Every message's account at this moment, in order of first arrival. This is cheap, whatever their number.
    public func accounts() -> MessageAccounts { control.accounts() }

    /// One message's account at one path; nil: never seen there.
    public func account(of id: EventID, path: String) -> MessageAccount? { control.account(of: id, path: path) }

    /// The latest requests, newest first.
    public func journal() -> [JournalEntry] { control.journal() }

    /// Waits until the condition is true; it counts since the start or the last reset.
    ///
    /// - Returns: false: the time was over, the task was cancelled, or the receiver stopped.
    public func wait(for condition: ReceiverCondition, timeout: Duration) async -> Bool {
        await control.wait(for: condition, timeout: timeout)
    }

    /// The current program, with its secrets.
    public func program() -> BehaviourProgram { control.program() }

    /// Changes the behaviour from the next request on. Accounts and counters stay.
    public func replace(_ program: BehaviourProgram) { control.replace(program) }

    /// Makes the next requests of these paths get this reply, whatever the program says. Several calls are queued.
    ///
    /// - Returns: false: 1,000 are waiting already.
    @discardableResult
    public func strikeNext(_ count: Int = 1, of pattern: PathPattern = .all, with reply: Behaviour.Reply) -> Bool {
        control.strikeNext(count, of: pattern, with: reply)
    }

    /// Forgets accounts, counters, endpoints and the journal. The program stays.
    public func reset() { control.reset() }
}
