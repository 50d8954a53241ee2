import Access
import Allocations
import Benchmark
import Ingest
import NIOCore
import Threading
import WebhookModel
import WireProtocol

/// A session past WELCOME, and one read of a frame of 100 events, 512 B each.
private struct OpenSession {
    static let now = Instant(monotonic: 1_000_000_000, wall: 1_750_000_000_000_000_000)
    static let key = APIKey(
        name: "key", tenants: .all, settings: APIKey.Settings(digest: [UInt8](repeating: 7, count: 32)))
    let directory = TenantDirectory(tenants: [Tenant(number: TenantNumber(1), name: "tenant-1")], keys: [key])
    let frame: [UInt8]
    var session: IngestSession

    init() {
        let rules = SessionRules(configuration: IngestConfiguration()) { _, _ in Authentication(key: OpenSession.key) }
        session = IngestSession(rules: rules, now: OpenSession.now)
        var hello = ByteBuffer(bytes: Preface.bytes)
        Hello(apiKey: "key", clientName: "benchmark").write(to: &hello, requestID: 1)
        frame = Array(publishFrame(events: 100).readableBytesView)
        receive(Array(hello.readableBytesView))
        precondition(session.isAuthenticated && session.takeOutput() != nil)
    }

    mutating func receive(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { session.receive($0, now: OpenSession.now, directory: directory) }
    }

    /// One read: decoded, checked against key and tenants, and copied for the queue.
    mutating func takeFrame(source: Source, receipts: ReceiptPort) -> EventBatch {
        receive(frame)
        return session.takeBatch(source: source, receipts: receipts, now: OpenSession.now)!
    }

    /// The queue's receipt, so that the window is free again.
    mutating func answer(_ batch: EventBatch) {
        batch.settle(.accepted, retryAfter: 0)
        session.acknowledge(batch, now: OpenSession.now)
        blackHole(session.takeOutput())
    }

    final class Source: Sendable {}
}

private let allocations = BenchmarkMetric.custom("Allocations", useScalingFactor: true)

func ingestBenchmarks() {
    Benchmark(
        "Ingest: a session takes a frame of 100 events, and answers it",
        configuration: .init(metrics: [.wallClock, allocations], scalingFactor: .kilo, maxDuration: .seconds(3))
    ) { benchmark in
        var open = OpenSession()
        let (source, receipts) = (OpenSession.Source(), ReceiptPort { _ in })
        let before = allocations_count()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            open.answer(open.takeFrame(source: source, receipts: receipts))
        }
        benchmark.stopMeasurement()
        benchmark.measurement(allocations, Int(allocations_count() - before))
    }
}
