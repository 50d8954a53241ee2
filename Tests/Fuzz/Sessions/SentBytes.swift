import Glibc
import WebhookModel

/// Everything a session was sent, read a second time by hand: what it hands to the queue must be found there, in order,
/// in PUBLISH frames whose checksums are right.
struct SentBytes {
    // One memory for all conversations: there is one at a time.
    nonisolated(unsafe) private static let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 1 << 16, alignment: 16)
    private(set) var count = 0
    /// Where the frames not looked at yet begin.
    private var next: Int?

    private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: SentBytes.memory[..<count]) }

    /// Keeps these bytes. False: there is no room, so that the conversation ends here.
    mutating func append(_ taken: UnsafeRawBufferPointer) -> Bool {
        guard taken.count <= SentBytes.memory.count - count else { return false }
        UnsafeMutableRawBufferPointer(rebasing: SentBytes.memory[count..<count + taken.count]).copyMemory(from: taken)
        count += taken.count
        return true
    }

    /// Holds a batch against the frames that it must have come from.
    mutating func check(_ batch: EventBatch, payloadLimit: Int) {
        var (draft, offset) = (0, 0)
        for group in batch.groups {
            offset += batch.bytes.withUnsafeBytes { kept in
                publish(group, holding: UnsafeRawBufferPointer(rebasing: kept[offset...]))
            }
            for index in draft..<draft + group.count { check(batch.drafts[index], in: batch, payloadLimit) }
            draft += group.count
        }
        precondition(draft == batch.drafts.count && offset == batch.bytes.count, "drafts that no PUBLISH brought")
    }

    /// Finds the next intact PUBLISH of this request id and count whose records these bytes begin with. Frames on the
    /// way to it were refused event by event, and never came to the queue.
    ///
    /// - Returns: the bytes of its records.
    private mutating func publish(_ group: DraftGroup, holding records: UnsafeRawBufferPointer) -> Int {
        // A conversation from its first byte begins with the preface.
        var at = next ?? (count >= 8 && bytes[0] == 0x89 ? 8 : 0)
        while at + FrameBytes.headerBytes <= count {
            let body = at + FrameBytes.headerBytes
            let length = Int(FrameBytes.number(bytes, at, 4))
            precondition(length <= count - body, "an event of a frame that is not whole")
            defer { at = body + length }
            guard bytes[at + 4] == 0x10, FrameBytes.number(bytes, at + 8, 8) == group.token,
                FrameBytes.isIntact(bytes, at: at), FrameBytes.number(bytes, body, 4) == group.count,
                length - 4 <= records.count,
                memcmp(records.baseAddress!, bytes.baseAddress! + body + 4, length - 4) == 0
            else { continue }
            next = body + length
            return length - 4
        }
        preconditionFailure("events that no intact PUBLISH brought")
    }

    private func check(_ draft: EventDraft, in batch: EventBatch, _ payloadLimit: Int) {
        let plain = batch.bytes.withUnsafeBytes { bytes in
            PlainRecord.read(UnsafeRawBufferPointer(rebasing: bytes[draft.span.range]), payloadLimit: payloadLimit)
        }
        switch draft.result {
        case .undecided: precondition(plain == .good(draft.record) && draft.tenant == TenantNumber(1))
        case .malformed: precondition(plain == .malformed)
        case .tooLarge: precondition(plain == .tooLarge)
        case .badTime: break  // Also too far ahead, which the record alone does not say.
        case .unknownTenant, .tenantDisabled, .forbidden: precondition(plain == .good(draft.record))
        default: preconditionFailure("a session decides nothing else")
        }
    }
}
