package import Scheduling
import WebhookModel

/// The body of a batch: a JSON array of its events' envelopes, the same bytes at every attempt.
package struct BatchBody {
    private let batch: MessageBatch
    private let tenantName: String

    package init(_ batch: MessageBatch, tenantName: String) {
        self.batch = batch
        self.tenantName = tenantName
    }

    /// The largest number of bytes that `write` may need.
    package var mostBytes: Int {
        let tenantBytes = tenantName.utf8.count
        return batch.events.reduce(2) { $0 + 1 + $1.record.envelopeBytesMost(tenantName: tenantBytes) }
    }

    /// Writes it and returns its length.
    package func write(into output: UnsafeMutableRawBufferPointer) -> Int {
        var count = 0
        for event in batch.events {
            output[count] = count == 0 ? UInt8(ascii: "[") : UInt8(ascii: ",")
            count += 1
            event.bytes.withUnsafeBytes { record in
                let room = UnsafeMutableRawBufferPointer(rebasing: output[count...])
                count += Envelope(event, record, tenantName: tenantName).write(into: room)
            }
        }
        output[count] = UInt8(ascii: "]")
        return count + 1
    }
}
