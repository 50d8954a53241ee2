/// A body that does not match its frame type. It is the sender's bug, because the checksum was right.
public struct BodyError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// Reads a body field by field, with overflow checks.
struct BodyReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }

    mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ field: StaticString, as type: Number.Type = Number.self
    ) throws(BodyError) -> Number {
        let width = MemoryLayout<Number>.size
        guard remaining >= width else { throw BodyError("the body ends before its \(field)") }
        defer { offset += width }
        return bytes.bigEndian(at: offset, as: type)
    }

    mutating func run(_ field: StaticString, count: Int) throws(BodyError) -> UnsafeRawBufferPointer {
        guard count >= 0, remaining >= count else { throw BodyError("the body ends inside its \(field)") }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    mutating func text(_ field: StaticString) throws(BodyError) -> String {
        let length = try number(field, as: UInt16.self)
        let run = try run(field, count: Int(length))
        guard let text = String(validating: run, as: UTF8.self) else { throw BodyError("the \(field) is not UTF-8") }
        return text
    }

    /// Checks that the body ends here.
    func finish() throws(BodyError) {
        guard remaining == 0 else { throw BodyError("\(remaining) bytes are left over after the body's last field") }
    }
}
