public import WebhookModel

/// A running mock receiver: a data port that takes webhooks, and what it knows about them.
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
    /// The admin port's number; nil where there is none.
    public let adminPort: Int?

    private let control: ReceiverControl
    private let data: DataPort
    private let admin: AdminPort?

    /// Listens on both ports; returns once both do.
    ///
    /// - Throws: `ListenError`: an address in use, forbidden or not of this machine.
    public static func start(_ configuration: ReceiverConfiguration = ReceiverConfiguration()) async throws -> ReceiverServer {
        let shared = SharedCore(ReceiverCore(configuration, now: WallClock.now()))
        let control = ReceiverControl(shared)
        let data = try await DataPort.start(configuration, shared: shared)
        do {
            let admin: AdminPort? =
                if let port = configuration.adminPort {
                    try await AdminPort.start(host: configuration.host, port: port, control: control)
                } else { nil }
            return ReceiverServer(control: control, data: data, admin: admin)
        } catch {
            try? await data.stop()
            throw error
        }
    }

    private init(control: ReceiverControl, data: DataPort, admin: AdminPort?) {
        self.control = control
        self.data = data
        self.admin = admin
        port = data.port
        adminPort = admin?.port
    }

    /// Closes both ports and every connection; waits end with false. What is known stays readable.
    public func stop() async throws {
        control.endWaits()
        await admin?.stop()
        try await data.stop()
    }

    /// The sums of this moment.
    public func stats() -> ReceiverStats { control.stats() }

    /// Every endpoint's counters, in order of first use.
    public func endpoints() -> [EndpointStats] { control.endpoints() }

    /// Every message's account at this moment, in order of first sight. Taking it costs next to nothing, whatever their number.
    public func accounts() -> MessageAccounts { control.accounts() }

    /// One message's account at one path; nil: never seen there.
    public func account(of id: EventID, path: String) -> MessageAccount? { control.account(of: id, path: path) }

    /// The latest requests, newest first.
    public func journal() -> [JournalEntry] { control.journal() }

    /// Waits until the condition holds: it counts since the start or the last reset.
    ///
    /// - Returns: false: the time was over, the task was cancelled, or the receiver stopped.
    public func wait(for condition: ReceiverCondition, timeout: Duration) async -> Bool {
        await control.wait(for: condition, timeout: timeout)
    }

    /// Changes the behaviour from the next request on. Accounts and counters stay.
    public func replace(_ program: BehaviourProgram) { control.replace(program) }

    /// Forgets accounts, counters, endpoints and the journal. The program stays.
    public func reset() { control.reset() }
}
