import Benchmark
import MockReceiver
import WebhookModel
import WebhookSigning

/// Signed webhooks of 512 B, each of another message.
private enum SignedRequests {
    static let second: Int64 = 1_750_000_000
    static let secret = SigningSecret.generate()

    static let all: [[UInt8]] = {
        guard let secrets = try? SecretSet([secret]) else { preconditionFailure("a secret of our own is none") }
        let signer = Signer(secrets)
        let body = [UInt8](repeating: 0x61, count: 512)
        return (0..<10_000 as Range<UInt64>).map { number in
            let id = EventID(high: 0x0190_0000_0000_7000, low: number &* 0x9E37_79B9_7F4A_7C15).webhookID
            let headers = signer.headers(id: id, timestamp: second, body: body).map { "\($0.name): \($0.value)\r\n" }
                .joined()
            let head =
                "POST /orders HTTP/1.1\r\nhost: 127.0.0.1:9400\r\ncontent-type: application/json\r\ncontent-length: 512\r\n"
            return Array((head + headers + "\r\n").utf8) + body
        }
    }()
}

/// The mock receiver's data path without its sockets: what is left of `Benchmarks/receiver` when the kernel and NIO are taken away.
func receiverBenchmarks() {
    Benchmark(
        "MockReceiver: parse, check, account for and decide a signed request of 512 B",
        configuration: .init(metrics: [.wallClock], scalingFactor: .kilo, maxDuration: .seconds(3))
    ) { benchmark in
        var configuration = ReceiverConfiguration()
        configuration.program = BehaviourProgram(
            everywhere: Behaviour(), secrets: try SecretSet([SignedRequests.secret]))
        let receiver = OfflineReceiver(configuration)
        let now = SignedRequests.second * 1_000_000_000
        // A receiver that has run for a while: its memory is there.
        for request in SignedRequests.all { _ = request.withUnsafeBytes { receiver.begin($0, at: now) } }
        var place = 0
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            place = (place + 7_919) % SignedRequests.all.count
            SignedRequests.all[place].withUnsafeBytes { blackHole(receiver.begin($0, at: now)) }
        }
        benchmark.stopMeasurement()
        precondition(
            receiver.stats.totals.count(of: .valid) == receiver.stats.totals.requests, "a signature did not verify")
    }
}
