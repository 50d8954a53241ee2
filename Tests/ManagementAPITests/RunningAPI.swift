import Access
import DurableQueue
import Logging
import Management
import ManagementAPI
import Store
import TestSupport
import Testing
import Threading
import WebhookModel
import WebhookSigning

/// The management API on a loopback port, before a real queue on a real store. Nothing is delivered.
///
/// Tenants: `acme` with the webhooks `first` and `second`, `globex` with `theirs`, `asleep`, which is disabled.
final class RunningAPI: Sendable {
    /// May do everything, for all tenants.
    static let admin = "ntk_admin_of_the_tests"
    /// May read, `acme` only.
    static let acme = "ntk_reader_of_acme_only"
    static let publisher = "ntk_publisher_of_acme"
    static let expired = "ntk_expired_before_now"

    let server: APIServer
    let queue: QueueWriterThread
    let state = ServerState()
    let desk: ManagementDesk
    private let folder = TemporaryDirectory()
    private let failure: Locked<String?>

    init(_ change: (inout APIConfiguration, inout DeskSettings) -> Void = { _, _ in }) async throws {
        let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let failure = Locked<String?>(nil)
        self.failure = failure
        let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 1 << 30)
        let queue = try QueueWriterThread(
            directory: directory, configuration: QueueConfiguration(diskReserveBytes: 0),
            senders: [DispatchPort { _ in }], logger: silent
        ) { reason in failure.withLock { $0 = reason } }
        self.queue = queue
        queue.start()
        try await queue.change(RunningAPI.tenancy)
        var configuration = APIConfiguration()
        var settings = DeskSettings()
        settings.metrics = { [MetricFamily("needletail_test_total", .counter, "A test.", [.init(1, [("a", "b\"")])])] }
        change(&configuration, &settings)
        desk = ManagementDesk(
            store: directory, queue: queue, access: AccessControl { queue.tenantDirectory }, state: state,
            settings: settings)
        server = try await APIServer.start(configuration, desk: desk, logger: silent)
        state.enter(.running)
    }

    private static let tenancy: [TenancyChange] =
        [
            .putTenant(name: "acme", enabled: true, origin: .provisioned),
            .putTenant(name: "globex", enabled: true, origin: .api),
            .putTenant(name: "asleep", enabled: false, origin: .api),
            webhook("acme", "first"), webhook("acme", "second"), webhook("globex", "theirs"),
        ] + [
            key("admin", admin, ["manage", "publish", "secret:reveal"], .all),
            key("acme", acme, ["read"], .only(["acme"])),
            key("publisher", publisher, ["publish:order.*"], .only(["acme"])),
            key("expired", expired, ["manage"], .all, expiresAt: 1),
        ]

    private static func webhook(_ tenant: String, _ name: String) -> TenancyChange {
        .putEndpoint(
            tenant: tenant, name: name,
            settings: Endpoint.Settings(url: "https://example.com/\(name)", secrets: [Sample.secret]), origin: .api)
    }

    private static func key(
        _ name: String, _ text: String, _ scopes: [String], _ tenants: TenancyChange.KeyTenants, expiresAt: Int64? = nil
    ) -> TenancyChange {
        .putAPIKey(
            name: name, tenants: tenants,
            settings: APIKey.Settings(
                digest: SHA256Digest.of(text.utf8), scopes: scopes.compactMap(APIKey.Scope.init), expiresAt: expiresAt),
            origin: .api)
    }

    func call(
        _ method: String, _ path: String, key: String? = RunningAPI.admin, headers: [(String, String)] = [],
        body: String? = nil
    ) async throws -> HTTPCall.Answer {
        try await HTTPCall.send(method, path, port: server.port, key: key, headers: headers, body: body)
    }

    /// Stops the server. A queue that had stopped by itself fails the test.
    func stop(at location: SourceLocation = #_sourceLocation) async {
        await server.stop()
        queue.stop()
        let reason = failure.withLock(\.self)
        #expect(reason == nil, "the queue stopped by itself", sourceLocation: location)
    }
}
