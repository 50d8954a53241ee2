import LMDB
public import WebhookModel

/// A row of `attempts`: 44 fixed bytes, the address, the answer's excerpt, its header lines.
///
/// A delivered attempt has neither excerpt nor headers, so the usual row is about 55 bytes.
public struct AttemptRow: Sendable, Equatable {
    public var outcome: Outcome
    public var trigger: AttemptTrigger
    public var status: UInt16
    public var reusedConnection: Bool
    /// The answer's header section decided the outcome, and its body did not end.
    public var isAnswerIncomplete: Bool
    /// Unix milliseconds.
    public var startedAt: Int64
    public var phases: AttemptPhases
    /// When the next attempt was set for, Unix milliseconds; 0: none follows.
    public var nextAt: Int64
    public var address: String
    public var excerpt: [UInt8]
    /// Each `name: value` and a line feed, as the receiver wrote them.
    public var headers: [UInt8]

    static let fixedBytes = 44

    static func write(_ report: AttemptReport, nextAt: Int64, to value: UnsafeMutableRawBufferPointer) {
        value[0] = report.outcome.rawValue
        value[1] = report.trigger.rawValue
        value.store(report.status, at: 2)
        value[4] = (report.reusedConnection ? 1 : 0) | (report.isAnswerIncomplete ? 2 : 0)
        let address = report.address.utf8
        value[5] = UInt8(min(address.count, 255))
        value.store(UInt16(report.excerpt.count), at: 6)
        value.store(report.startedAt, at: 8)
        value.store(report.phases.resolved, at: 16)
        value.store(report.phases.connected, at: 20)
        value.store(report.phases.secured, at: 24)
        value.store(report.phases.firstByte, at: 28)
        value.store(report.phases.total, at: 32)
        value.store(nextAt, at: 36)
        var offset = fixedBytes
        for byte in address.prefix(255) {
            value[offset] = byte
            offset += 1
        }
        UnsafeMutableRawBufferPointer(rebasing: value[offset...]).copyBytes(from: report.excerpt)
        offset += report.excerpt.count
        UnsafeMutableRawBufferPointer(rebasing: value[offset...]).copyBytes(from: report.headers)
    }

    static func bytes(for report: AttemptReport) -> Int {
        fixedBytes + min(report.address.utf8.count, 255) + report.excerpt.count + report.headers.count
    }

    init?(_ value: UnsafeRawBufferPointer) {
        guard value.count >= AttemptRow.fixedBytes, let outcome = Outcome(rawValue: value[0]),
            let trigger = AttemptTrigger(rawValue: value[1])
        else { return nil }
        let addressEnd = AttemptRow.fixedBytes + Int(value[5])
        let excerptEnd = addressEnd + Int(value.uint16(at: 6))
        // No upper limit here: a row that was written under a larger limit must stay readable.
        guard value.count >= excerptEnd else { return nil }
        self.outcome = outcome
        self.trigger = trigger
        status = value.uint16(at: 2)
        reusedConnection = value[4] & 1 != 0
        isAnswerIncomplete = value[4] & 2 != 0
        startedAt = Int64(bitPattern: value.uint64(at: 8))
        phases = AttemptPhases()
        phases.resolved = value.uint32(at: 16)
        phases.connected = value.uint32(at: 20)
        phases.secured = value.uint32(at: 24)
        phases.firstByte = value.uint32(at: 28)
        phases.total = value.uint32(at: 32)
        nextAt = Int64(bitPattern: value.uint64(at: 36))
        address = String(decoding: value[AttemptRow.fixedBytes..<addressEnd], as: UTF8.self)
        excerpt = Array(value[addressEnd..<excerptEnd])
        headers = Array(value[excerptEnd...])
    }
}
