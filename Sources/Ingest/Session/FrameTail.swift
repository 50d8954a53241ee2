import WireProtocol

/// The beginning of a frame whose end has not arrived yet. Complete frames are decoded where they were read and are never
/// copied here.
///
/// It grows as bytes arrive. An announced length allocates nothing; it only bounds what is allocated.
struct FrameTail {
    private var bytes: [UInt8] = []
    /// When its first byte arrived, or when reading resumed after a pause: monotonic nanoseconds.
    var since: Int64 = 0

    var isEmpty: Bool { bytes.isEmpty }
    var count: Int { bytes.count }

    /// Moves bytes from the front of `rest` until there are `total`. True: `total` is reached.
    mutating func fill(to total: Int, from rest: inout UnsafeRawBufferPointer) -> Bool {
        let wanted = min(max(0, total - bytes.count), rest.count)
        if bytes.capacity < bytes.count + wanted {
            // Doubles, as arrays do, but never beyond what the frame needs.
            bytes.reserveCapacity(min(total, max(bytes.count + wanted, 2 * bytes.count)))
        }
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: rest[..<wanted]))
        rest = UnsafeRawBufferPointer(rebasing: rest[wanted...])
        return bytes.count >= total
    }

    /// Moves bytes until one frame is complete. False: `rest` ended before that.
    mutating func fillFrame(from rest: inout UnsafeRawBufferPointer, _ decoder: FrameDecoder) throws(FrameError) -> Bool
    {
        guard fill(to: FrameHeader.byteCount, from: &rest) else { return false }
        return fill(to: try frameLength(decoder)!, from: &rest)
    }

    /// The length of the frame; nil while its header is incomplete.
    func frameLength(_ decoder: FrameDecoder) throws(FrameError) -> Int? {
        guard bytes.count >= FrameHeader.byteCount else { return nil }
        // The closure of `withUnsafeBytes` cannot throw typed errors.
        let length = bytes.withUnsafeBytes { bytes in
            Result { () throws(FrameError) in try decoder.frameLength(of: bytes) }
        }
        return try length.get()
    }

    /// Hands out the bytes, so that they can be read while the session changes. `reuse` takes their memory back.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    mutating func reuse(_ memory: consuming [UInt8]) {
        memory.removeAll(keepingCapacity: true)
        bytes = memory
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { bytes.withUnsafeBytes(body) }

    /// Frees the memory of past frames. Called for silent connections.
    mutating func shrink() {
        if bytes.isEmpty { bytes = [] }
    }
}
