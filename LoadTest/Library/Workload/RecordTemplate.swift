import NIOCore
import WebhookModel
import WireProtocol

/// One encoded event record. Each event patches its id, times, tenant and sequence number into it, so an event costs
/// one copy.
struct RecordTemplate {
    private var bytes: [UInt8]
    private let workload: Workload
    private let identity: RunIdentity
    private let tenantOffset: Int
    private let tenantDigits: Int
    private let sequenceOffset: Int
    private let payloadOffset: Int

    init(workload: Workload, identity: RunIdentity) {
        self.workload = workload
        self.identity = identity
        let event = OutgoingEvent(
            id: identity.id(of: 0), tenant: workload.tenantName(0), type: workload.eventType,
            payload: workload.payloadTemplate())
        var buffer = ByteBuffer()
        event.encode(to: &buffer)
        bytes = Array(buffer.readableBytesView)
        tenantDigits = workload.tenantDigits
        tenantOffset = EventRecord.fixedBytes + 2 + workload.tenantPrefix.utf8.count
        payloadOffset = bytes.count - workload.payloadBytes
        sequenceOffset = payloadOffset + Workload.payloadHead.count
    }

    /// Bytes of each record, without its length field.
    var recordBytes: Int { bytes.count }

    /// Appends an event to a frame. False: the frame is full.
    ///
    /// - Parameter occurredAt: Unix milliseconds.
    mutating func append(_ sequence: Int, occurredAt: Int64, to frame: inout PublishFrameWriter) -> Bool {
        let id = identity.id(of: sequence)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: id.high.bigEndian, toByteOffset: 0, as: UInt64.self)
            bytes.storeBytes(of: id.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(of: occurredAt.bigEndian, toByteOffset: 16, as: Int64.self)
            var number = workload.tenantIndex(of: sequence)
            for digit in stride(from: tenantOffset + tenantDigits - 1, through: tenantOffset, by: -1) {
                bytes[digit] = 0x30 + UInt8(number % 10)
                number /= 10
            }
            Hex.write(UInt64(sequence), to: bytes, at: sequenceOffset)
        }
        return bytes.withUnsafeBytes { frame.append(record: $0) }
    }

    /// Calls `take` with the payload of an event, as it must arrive.
    mutating func withPayload<Result>(of sequence: Int, _ take: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeMutableBytes { Hex.write(UInt64(sequence), to: $0, at: sequenceOffset) }
        return bytes.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[payloadOffset...])) }
    }
}
