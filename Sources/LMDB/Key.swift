/// A short composite key, built in place: big-endian numbers one after another, so that bytes sort as the numbers do.
///
/// At most 32 bytes; a longer one is a programming error.
public struct Key: Sendable, Equatable {
    @usableFromInline var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    @usableFromInline var used = 0

    public static let capacity = 32

    /// Bytes in use.
    @inlinable
    public var count: Int { used }

    // Inlined where keys are built: with the lengths known there, an append is a shift and an or.
    @inlinable
    public init() {}

    @inlinable
    public init(_ value: UInt64) { append(value) }

    /// Appends eight bytes.
    @inlinable
    public mutating func append(_ value: UInt64) { append(bits: value, bytes: 8) }

    /// Appends four bytes.
    @inlinable
    public mutating func append(_ value: UInt32) { append(bits: UInt64(value) << 32, bytes: 4) }

    /// Appends two bytes.
    @inlinable
    public mutating func append(_ value: UInt16) { append(bits: UInt64(value) << 48, bytes: 2) }

    // `bits` are at the top of the word.
    @inlinable @inline(__always)
    mutating func append(bits: UInt64, bytes: Int) {
        precondition(used + bytes <= 32, "a key has at most 32 bytes")
        let word = used / 8
        let filled = (used % 8) * 8
        or(word, bits >> UInt64(filled))
        if filled + bytes * 8 > 64 { or(word + 1, bits << UInt64(64 - filled)) }
        used += bytes
    }

    @inlinable @inline(__always)
    mutating func or(_ word: Int, _ bits: UInt64) {
        switch word {
        case 0: words.0 |= bits.bigEndian
        case 1: words.1 |= bits.bigEndian
        case 2: words.2 |= bits.bigEndian
        default: words.3 |= bits.bigEndian
        }
    }

    /// A key as it stands in a database; nil where it is longer than 32 bytes.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Key.capacity else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
        used = bytes.count
    }

    /// Calls `body` with the bytes.
    @inlinable
    public func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var copy = words
        return try withUnsafeBytes(of: &copy) { bytes throws(Failure) -> Result in
            try body(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
    }

    public static func == (left: Key, right: Key) -> Bool { left.count == right.count && left.words == right.words }
}

extension UnsafeRawBufferPointer {
    /// Eight big-endian bytes at an offset. The caller has checked the length.
    @inlinable
    public func uint64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Four big-endian bytes at an offset.
    @inlinable
    public func uint32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Two big-endian bytes at an offset.
    @inlinable
    public func uint16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Stores a number big-endian at an offset.
    @inlinable
    public func store(_ value: some FixedWidthInteger, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value).self)
    }
}
