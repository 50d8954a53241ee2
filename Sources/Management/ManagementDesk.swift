public import Access
public import DurableQueue
public import Store
public import WebhookModel

/// The use cases of the management API: what operators and integrators can ask. No HTTP, no JSON. Callable from any
/// task.
///
/// Reads take a snapshot of the store on the caller's thread and never involve the writer. Changes are commands to the
/// writer, and return when they are durable. Each resource is an extension in a folder of its own.
public struct ManagementDesk: Sendable {
    public let store: DataDirectory
    public let queue: QueueWriterThread
    public let access: AccessControl
    public let state: ServerState
    public let settings: DeskSettings
    /// Names of rows for clients.
    public let ids: PublicIDs
    let cursors: ListCursors
    let intake: RequestIntake

    public init(
        store: DataDirectory, queue: QueueWriterThread, access: AccessControl, state: ServerState,
        settings: DeskSettings
    ) {
        self.store = store
        self.queue = queue
        self.access = access
        self.state = state
        self.settings = settings
        ids = PublicIDs(identityKey: store.identityKey)
        cursors = ListCursors(identityKey: store.identityKey)
        intake = RequestIntake(queue.intake)
    }

    /// Queries on the store as it is now. Keep the closure short: it holds a snapshot, and a thread.
    func read<Result>(
        _ body: (borrowing StoreSnapshot) throws(StoreReadError) -> Result
    ) throws(ManagementError) -> Result {
        do throws(StoreReadError) { return try store.snapshot(body) } catch { throw ManagementError(error) }
    }

    /// Changes that take effect together, or not at all. Returns when they are durable.
    func change(_ changes: [TenancyChange]) async throws(ManagementError) -> [TenancyResult] {
        do throws(TenancyError) { return try await queue.change(changes) } catch { throw ManagementError(error) }
    }
}

/// What the use cases know of the server's configuration.
public struct DeskSettings: Sendable {
    // MARK: Publishing

    /// The largest payload, in bytes.
    public var payloadBytes = Limits.payloadBytes

    // MARK: Webhooks

    /// Whether `http://` webhooks may be created.
    public var allowHTTP = false
    /// For the message `managed_by_file`; nil: no file is applied.
    public var provisioningFile: String?
    /// Opens endpoints' secrets; nil: they are stored as they are.
    public var seal: SecretSeal?

    // MARK: Metrics

    /// The counters of the server, as they are now. Never scans the store.
    public var metrics: @Sendable () -> [MetricFamily] = { [] }

    public init() {}
}
