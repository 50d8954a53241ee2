import Benchmark
import LMDB
import NIOCore
import Scheduling
import Store
import TestSupport
import Threading
import WebhookModel
import WebhookSigning
import WireProtocol

// Micro-benchmarks of the rooms on the hot path, each on real parts. `Benchmarks/run` builds and runs them; what a figure means
// stands in Results/README.md. A figure is for one iteration: its name says of how many events.

private let payload = [UInt8](repeating: 0x61, count: 512)

private func event(_ number: UInt64) -> OutgoingEvent {
    OutgoingEvent(
        id: EventID(high: 0x0190_0000_0000_7000, low: number + 1), tenant: "tenant-1", type: "task.completed",
        payload: payload)
}

func publishFrame(events: UInt64) -> ByteBuffer {
    var writer = PublishFrameWriter(
        appendingTo: ByteBuffer(), frameBytes: Limits.frameBytes, eventLimit: Limits.eventsPerFrame)
    for number in 0..<events { precondition(writer.append(event(number))) }
    return writer.finish(requestID: 1)
}

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], scalingFactor: .one, maxDuration: .seconds(3), maxIterations: 100_000)

    Benchmark("WireProtocol: decode a frame of 100 events and parse each record") { benchmark in
        let frame = publishFrame(events: 100)
        let decoder = FrameDecoder(bodyLimit: Limits.frameBytes)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            var buffer = frame
            try decoder.readFrames(from: &buffer) { frame in
                guard let body = try? PublishBody(checking: frame.body, eventLimit: 100) else { return false }
                body.forEachRecord { range in
                    blackHole(EventRecord.parse(UnsafeRawBufferPointer(rebasing: body.records[range])))
                }
                return true
            }
        }
    }

    ingestBenchmarks()
    receiverBenchmarks()

    Benchmark("WireProtocol: encode a frame of 100 events") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(publishFrame(events: 100)) }
    }

    Benchmark("WebhookSigning: sign a message of 512 B") { benchmark in
        let signer = Signer(try SecretSet(written: [Sample.secret]))
        let id = Array(EventID(high: 1, low: 2).webhookID.utf8)
        let type = Array("task.completed".utf8)
        var head = [UInt8](repeating: 0, count: signer.headBytes(id: id.count, type: type.count))
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            id.withUnsafeBytes { id in
                type.withUnsafeBytes { type in
                    payload.withUnsafeBytes { body in
                        head.withUnsafeMutableBytes {
                            let message = MessageToSign(id: id, type: type, seconds: 1_700_000_000, body: body)
                            blackHole(signer.write(message, into: $0))
                        }
                    }
                }
            }
        }
    }

    Benchmark("Scheduling: 1,000 deliveries of 100 endpoints in and out") { benchmark in
        let deliveries = (0..<1_000).map { number in
            DueDelivery(
                event: Sample.event(UInt64(number + 1)), endpoint: Sample.endpoint(UInt32(number % 100 + 1)),
                attempt: 1,
                entry: .due(0))
        }
        var scheduler = DeliveryScheduler(transfers: 256)
        var random = SystemRandomNumberGenerator()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            for delivery in deliveries { scheduler.enqueue(delivery) }
            while let delivery = scheduler.next(now: 0) {
                scheduler.finished(delivery.endpoint.number, isSuccess: true, now: 0, random: &random)
            }
        }
    }

    Benchmark("Threading: 100 messages through a mailbox") { benchmark in
        let mailbox = Mailbox<Int>(capacity: 1_000, bell: Bell())
        var inbox: [Int] = []
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            for number in 0..<100 { _ = mailbox.offer(number) }
            mailbox.drain(into: &inbox)
            inbox.removeAll(keepingCapacity: true)
        }
    }

    Benchmark("Store: commit 500 events with a delivery each, durable") { benchmark in
        let folder = TemporaryDirectory()
        let directory = try DataDirectory(path: folder.path + "/data", mapBytes: 8 << 30)
        let tables = directory.tables
        var position: UInt64 = 1
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations {
            let transaction = try directory.environment.beginWrite()
            for _ in 0..<500 {
                let id = EventID(high: 0x0190_0000_0000_7000, low: position)
                let record = Sample.recordBytes(id: id, payload: payload)
                _ = try record.withUnsafeBytes { bytes in
                    try tables.insert(
                        bytes, checksum: Tables.checksum(bytes), id: id, at: EventPosition(position),
                        tenant: TenantNumber(1), acceptedAt: 0, in: transaction)
                }
                let delivery = DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(1))
                try tables.schedule(delivery, dueAt: 1_000, in: transaction)
                position += 1
            }
            try transaction.commit()
        }
    }
}
