import CLinux
public import LMDB
public import WebhookModel

/// The header of a row of `events`, before the record's bytes: 24 bytes.
struct EventHeader {
    static let bytes = 24
    static let format: UInt8 = 1

    var chunks: UInt16
    var length: UInt32
    var tenant: TenantNumber
    var checksum: UInt32
    var acceptedAt: Int64

    init(chunks: UInt16, length: UInt32, tenant: TenantNumber, checksum: UInt32, acceptedAt: Int64) {
        self.chunks = chunks
        self.length = length
        self.tenant = tenant
        self.checksum = checksum
        self.acceptedAt = acceptedAt
    }

    init?(_ value: UnsafeRawBufferPointer) {
        guard value.count >= EventHeader.bytes, value[0] == EventHeader.format else { return nil }
        chunks = value.uint16(at: 2)
        length = value.uint32(at: 4)
        tenant = TenantNumber(value.uint32(at: 8))
        checksum = value.uint32(at: 12)
        acceptedAt = Int64(bitPattern: value.uint64(at: 16))
    }

    func write(to value: UnsafeMutableRawBufferPointer) {
        value[0] = EventHeader.format
        value[1] = 0
        value.store(chunks, at: 2)
        value.store(length, at: 4)
        value.store(tenant.value, at: 8)
        value.store(checksum, at: 12)
        value.store(acceptedAt, at: 16)
    }
}

/// What the id index holds of an event.
public struct KnownEvent: Sendable, Equatable {
    public var position: EventPosition
    public var checksum: UInt32
    public var length: UInt32

    static let bytes = 16

    init(position: EventPosition, checksum: UInt32, length: UInt32) {
        self.position = position
        self.checksum = checksum
        self.length = length
    }

    /// Nil where the row is malformed.
    init?(_ value: UnsafeRawBufferPointer) {
        guard value.count == KnownEvent.bytes else { return nil }
        self.init(
            position: EventPosition(value.uint64(at: 0)), checksum: value.uint32(at: 8), length: value.uint32(at: 12))
    }

    func write(to value: UnsafeMutableRawBufferPointer) {
        value.store(position.value, at: 0)
        value.store(checksum, at: 8)
        value.store(length, at: 12)
    }
}

/// What reading an event found.
public enum EventReading {
    case event(Event)
    case missing
    /// The record is not what was written, or its page is unreadable: quarantine and report, never send.
    case damaged
}

extension Tables {
    /// CRC32C of a record: stored with it, checked at every read, compared first for duplicates.
    public static func checksum(_ record: UnsafeRawBufferPointer) -> UInt32 {
        clinux_crc32c(0, record.baseAddress, record.count)
    }

    /// The event that holds this id for this tenant within the dedup window; nil where there is none.
    public func find(
        _ id: EventID, of tenant: TenantNumber, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> KnownEvent? {
        try transaction.get(ids, Tables.key(id, tenant)).flatMap(KnownEvent.init)
    }

    /// Stores an event and its id. `position` must be greater than every one before.
    ///
    /// - Returns: the event that holds this id for this tenant already, within the dedup window; nothing was stored
    ///   then.
    @discardableResult
    public func insert(
        _ record: UnsafeRawBufferPointer, checksum: UInt32, id: EventID, at position: EventPosition,
        tenant: TenantNumber, acceptedAt: Int64, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> KnownEvent? {
        switch try transaction.claim(ids, Tables.key(id, tenant), count: KnownEvent.bytes) {
        // A malformed row still says that the id is taken; nothing can be compared with what it names.
        case .taken(let value):
            return KnownEvent(value) ?? KnownEvent(position: EventPosition(0), checksum: 0, length: 0)
        case .room(let value):
            KnownEvent(position: position, checksum: checksum, length: UInt32(record.count)).write(to: value)
        }
        let inline = record.count <= Limits.chunkBytes - EventHeader.bytes
        let chunkCount = inline ? 0 : (record.count + Limits.chunkBytes - 1) / Limits.chunkBytes
        let header = EventHeader(
            chunks: UInt16(chunkCount), length: UInt32(record.count), tenant: tenant, checksum: checksum,
            acceptedAt: acceptedAt)
        let value = try transaction.reserve(
            events, Key(position.value), count: EventHeader.bytes + (inline ? record.count : 0), .append)
        header.write(to: value)
        if inline {
            UnsafeMutableRawBufferPointer(rebasing: value[EventHeader.bytes...]).copyMemory(from: record)
        } else {
            for chunk in 0..<chunkCount {
                let start = chunk * Limits.chunkBytes
                let bytes = record[start..<min(start + Limits.chunkBytes, record.count)]
                try transaction.put(
                    chunks, Tables.chunkKey(position, chunk), UnsafeRawBufferPointer(rebasing: bytes), .append)
            }
        }
        return nil
    }

    /// Reads an event whole and checks it.
    ///
    /// An unreadable page makes the event `damaged`, and the transaction goes on: a snapshot restarts at the last
    /// commit, so the cursors and values that the caller has from it are not valid any more. A write transaction reads
    /// events on a snapshot beside it, and only an event that it stored itself from its own pages.
    public func event(
        at position: EventPosition, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> EventReading {
        do throws(LMDBError) {
            let reading = try transaction.contained { snapshot throws(LMDBError) in try read(position, in: snapshot) }
            guard case .missing = reading else { return reading }
            return try read(position, in: transaction)
        } catch {
            guard error.isCorruption else { throw error }
            return .damaged
        }
    }

    private func read(
        _ position: EventPosition, in transaction: borrowing some Transaction & ~Copyable
    ) throws(LMDBError) -> EventReading {
        guard let value = try transaction.get(events, Key(position.value)) else { return .missing }
        guard let header = EventHeader(value) else { return .damaged }
        var bytes: [UInt8]
        if header.chunks == 0 {
            bytes = Array(value[EventHeader.bytes...])
        } else {
            bytes = []
            bytes.reserveCapacity(Int(header.length))
            for chunk in 0..<Int(header.chunks) {
                guard let part = try transaction.get(chunks, Tables.chunkKey(position, chunk)) else { return .damaged }
                bytes.append(contentsOf: part)
            }
        }
        guard bytes.count == Int(header.length), bytes.withUnsafeBytes(Tables.checksum) == header.checksum,
            case .success(let record) = bytes.withUnsafeBytes({ EventRecord.parse($0, payloadLimit: .max) })
        else { return .damaged }
        return .event(
            Event(
                position: position, tenant: header.tenant, acceptedAt: header.acceptedAt, bytes: bytes, record: record))
    }

    /// Removes an event with its chunks and its id.
    func removeEvent(
        at position: EventPosition, id: EventID?, header: EventHeader, in transaction: borrowing WriteTransaction
    ) throws(LMDBError) {
        for chunk in 0..<Int(header.chunks) { try transaction.delete(chunks, Tables.chunkKey(position, chunk)) }
        if let id { try transaction.delete(ids, Tables.key(id, header.tenant)) }
        try transaction.delete(events, Key(position.value))
    }

    // Id first: version 7 ids come in order of time, so the index grows at one place whatever the number of tenants.
    static func key(_ id: EventID, _ tenant: TenantNumber) -> Key {
        var key = Key(id.high)
        key.append(id.low)
        key.append(tenant.value)
        return key
    }

    static func chunkKey(_ position: EventPosition, _ chunk: Int) -> Key {
        var key = Key(position.value)
        key.append(UInt32(chunk))
        return key
    }
}
