import Access
import Conformance
import DurableQueue
import Ingest
import Logging
import Store
import TestSupport
import Testing
import Threading
import WebhookModel
import WebhookSigning

/// Our own server in this process: the real ingest port before the real queue on a real store. Nothing is delivered.
final class RealServer: Sendable {
    static let key = "nt_conformance_tests_key"
    static let tenant = "acme"
    /// A tenant that the key does not allow.
    static let forbidden = "globex"
    static let disabled = "asleep"

    let port: Int
    private let folder = TemporaryDirectory()
    private let queue: QueueWriterThread
    private let ingest: IngestServer
    /// Why the queue stopped by itself.
    private let failure: Locked<String?>

    /// - Parameter configure: changes limits; the deadlines are a second, so that tests can wait for them.
    init(configure: (inout IngestConfiguration) -> Void = { _ in }) async throws {
        let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let failure = Locked<String?>(nil)
        self.failure = failure
        queue = try QueueWriterThread(
            directory: try DataDirectory(path: folder.path + "/data", mapBytes: 1 << 30),
            configuration: QueueConfiguration(diskReserveBytes: 0), senders: [DispatchPort { _ in }], logger: silent
        ) { reason in failure.withLock { $0 = reason } }
        queue.start()
        try await queue.change(
            [(RealServer.tenant, true), (RealServer.forbidden, true), (RealServer.disabled, false)].map {
                .putTenant(name: $0, enabled: $1, origin: .provisioned)
            })
        let directory = queue.tenantDirectory
        func tenant(_ name: String, enabled: Bool) throws -> Tenant {
            let found = Array(name.utf8).withUnsafeBytes(directory.tenant)
            let entry = try #require(found, "no tenant \(name)")
            return Tenant(number: entry.number, name: name, enabled: enabled)
        }
        let open = [try tenant(RealServer.tenant, enabled: true), try tenant(RealServer.disabled, enabled: false)]
        let key = APIKey(
            name: "tests", tenants: .only(open.map(\.number)),
            settings: APIKey.Settings(digest: SHA256Digest.of(RealServer.key.utf8)))
        let tenants = TenantDirectory(
            tenants: open + [try tenant(RealServer.forbidden, enabled: true)], keys: [key])
        var configuration = IngestConfiguration()
        configuration.port = 0
        configuration.helloMilliseconds = 1_000
        configuration.headerMilliseconds = 1_000
        configuration.idleMilliseconds = 3_000
        configuration.authFailureDelayMilliseconds = 150
        configuration.sweepMilliseconds = 20
        configure(&configuration)
        ingest = IngestServer(
            configuration: configuration, access: AccessControl { tenants }, intake: queue.intake, logger: silent)
        port = try await ingest.start()
    }

    /// Stops the server. A queue that had stopped by itself fails the test.
    func stop(at location: SourceLocation = #_sourceLocation) async {
        await ingest.shutdown()
        queue.stop()
        let reason = failure.withLock(\.self)
        #expect(reason == nil, "the queue stopped by itself", sourceLocation: location)
    }
}

extension Subject {
    /// A server on a loopback port that has `RealServer`'s tenants.
    static func onLoopback(_ port: Int, patience: Duration) -> Subject {
        var subject = Subject(
            address: .tcp(host: "127.0.0.1", port: UInt16(port)), key: RealServer.key, tenant: RealServer.tenant,
            patience: patience)
        subject.forbiddenTenant = RealServer.forbidden
        subject.disabledTenant = RealServer.disabled
        return subject
    }
}
