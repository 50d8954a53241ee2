/// The body of a PUBLISH frame, read in place: u32 count · count × (u32 length · event record).
///
/// Only lengths are read here; `EventRecord.parse` reads the records.
public struct PublishBody {
    /// Everything after the count: what the server keeps of the frame.
    public let records: UnsafeRawBufferPointer
    public let count: Int

    public enum Failure: Error, Equatable, Sendable {
        /// The frame breaks the protocol: the connection closes.
        case broken(BodyError)
        /// More events than the announced limit.
        case tooMany(UInt32)
    }

    /// Checks that the records' lengths end exactly where the body ends. All or nothing: no event of a broken frame is
    /// accepted.
    public init(checking body: UnsafeRawBufferPointer, eventLimit: Int) throws(Failure) {
        guard body.count >= 4 else { throw .broken(BodyError("a PUBLISH ends before its count")) }
        let count = body.bigEndian(at: 0, as: UInt32.self)
        guard count > 0 else { throw .broken(BodyError("a PUBLISH of zero events")) }
        guard count <= eventLimit else { throw .tooMany(count) }
        records = UnsafeRawBufferPointer(rebasing: body[4...])
        self.count = Int(count)
        var offset = 0
        for _ in 0..<count {
            guard records.count - offset >= 4 else { throw .broken(BodyError("a PUBLISH ends before its last event")) }
            let length = Int(records.bigEndian(at: offset, as: UInt32.self))
            guard length <= records.count - offset - 4 else {
                throw .broken(BodyError("an event record extends past the end of its PUBLISH"))
            }
            offset += 4 + length
        }
        guard offset == records.count else {
            throw .broken(BodyError("\(records.count - offset) bytes follow the events of a PUBLISH"))
        }
    }

    /// Calls `take` for every record, in order, with its range in `records` (without its length field).
    @inlinable
    public func forEachRecord(_ take: (Range<Int>) -> Void) {
        var offset = 0
        for _ in 0..<count {
            let length = Int(UInt32(bigEndian: records.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            take(offset + 4..<offset + 4 + length)
            offset += 4 + length
        }
    }
}
