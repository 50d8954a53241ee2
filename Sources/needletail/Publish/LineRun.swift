import IngestClient
import NIOCore
import WebhookModel
import WireProtocol

/// Publishes lines, up to some hundred batches ahead of the receipts, and prints the receipts in the order of the
/// lines.
struct LineRun {
    private let fields: EventFields
    private let publisher: EventPublisher
    private var source: LineSource
    private var printer: ReceiptPrinter
    private var waiting = CircularBuffer<(receipts: PendingReceipts, origins: [ReceiptPrinter.Origin])>()

    init(fields: EventFields, publisher: EventPublisher, source: LineSource, printer: ReceiptPrinter) {
        self.fields = fields
        self.publisher = publisher
        self.source = source
        self.printer = printer
    }

    /// Publishes all lines. Returns the counts of their results.
    mutating func finish() async throws -> ReceiptPrinter.Count {
        let begun = PointInTime.now
        while let lines = try await source.next() {
            try await publish(lines)
            // A producer that writes line by line gets receipts line by line.
            if source.mustWait { await collect(until: 0) }
            printer.progress(bytesRead: source.bytesRead)
        }
        await collect(until: 0)
        await publisher.close()
        printer.finish(seconds: Double(PointInTime.now - begun) / 1_000)
        return printer.count
    }

    private mutating func publish(_ lines: [LineSource.Line]) async throws {
        var events: [OutgoingEvent] = []
        var origins: [ReceiptPrinter.Origin] = []
        let now = PointInTime.now
        for line in lines {
            do throws(EventMistake) {
                guard !line.isCutOff else { throw EventMistake("longer than \(Limits.publishLineBytes) bytes") }
                let event = try fields.merging(line: line.bytes).event(now: now)
                events.append(event)
                origins.append(.init(event, line: line.number))
            } catch {
                printer.show(error, line: line.number)
            }
            if events.count == Limits.publishLineBatch { await submit(&events, &origins) }
        }
        await submit(&events, &origins)
    }

    private mutating func submit(_ events: inout [OutgoingEvent], _ origins: inout [ReceiptPrinter.Origin]) async {
        guard !events.isEmpty else { return }
        await collect(until: Limits.publishLineBatches - 1)
        do throws(PublishError) {
            waiting.append((try await publisher.submit(events), origins))
        } catch {
            printer.show(error, of: origins)
        }
        events.removeAll(keepingCapacity: true)
        origins.removeAll(keepingCapacity: true)
    }

    /// Waits for the oldest receipts and prints them, until this number of batches is left.
    private mutating func collect(until left: Int) async {
        while waiting.count > left, let (receipts, origins) = waiting.popFirst() {
            do throws(PublishError) {
                let receipts = try await receipts.receipts()
                printer.payloadBytesMost = publisher.metrics.payloadBytesMost
                printer.show(receipts, of: origins)
            } catch {
                printer.show(error, of: origins)
            }
            printer.progress(bytesRead: source.bytesRead)
        }
    }
}
