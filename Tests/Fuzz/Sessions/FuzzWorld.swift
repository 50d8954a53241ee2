import Access
import Ingest
import NIOCore
import Threading
import WebhookModel
import WireProtocol

/// What a session is put into: limits small enough for an input to reach them, and a session that is past WELCOME
/// already, to be copied.
struct FuzzWorld {
    static let start = Instant(monotonic: 1_000_000_000, wall: 1_750_000_000_000_000_000)
    static let key = APIKey(
        name: "key", tenants: .only([TenantNumber(1)]),
        settings: APIKey.Settings(digest: [UInt8](repeating: 7, count: 32), scopes: [.publish(.everything)]))
    private static let tenants = [
        Tenant(number: TenantNumber(1), name: "acme"), Tenant(number: TenantNumber(2), name: "globex"),
    ]
    /// The tenants as they are, one disabled, none, and the key gone.
    static let directories = [
        TenantDirectory(tenants: tenants, keys: [key]),
        TenantDirectory(tenants: [Tenant(number: TenantNumber(1), name: "acme", enabled: false)], keys: [key]),
        TenantDirectory(tenants: [], keys: [key]),
        TenantDirectory(tenants: tenants, keys: []),
    ]
    /// One thread fuzzes.
    nonisolated(unsafe) static let all = [FuzzWorld(narrow: false), FuzzWorld(narrow: true)]

    let configuration: IngestConfiguration
    let rules: SessionRules
    let opened: IngestSession

    private init(narrow: Bool) {
        var configuration = IngestConfiguration()
        configuration.payloadBytes = narrow ? 8 : 4_096
        if narrow {
            configuration.frameBytes = 512
            configuration.windowBytes = 600
            configuration.eventsPerFrame = 4
            configuration.windowEvents = 5
            configuration.controlFramesPerSecond = 2
            configuration.unauthenticatedBytes = 128
        }
        self.configuration = configuration
        rules = SessionRules(configuration: configuration) { bytes, _ in
            bytes.elementsEqual("key-of-acme".utf8) ? Authentication(key: FuzzWorld.key) : nil
        }
        var session = IngestSession(rules: rules, now: FuzzWorld.start)
        var hello = ByteBuffer(bytes: Preface.bytes)
        Hello(apiKey: "key-of-acme", clientName: "fuzz").write(to: &hello, requestID: 1)
        hello.withUnsafeReadableBytes {
            session.receive($0, now: FuzzWorld.start, directory: FuzzWorld.directories[0])
        }
        precondition(session.takeOutput() != nil && session.isAuthenticated)
        opened = session
    }
}
