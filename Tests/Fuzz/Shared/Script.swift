/// A fuzzer's input, taken piece by piece from its front. Past its end everything is zero, so that every input means
/// something.
struct Script {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 {
        guard let byte = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return byte
    }

    /// A run of bytes after its length of two bytes; a length beyond the end means everything that is left.
    mutating func run() -> UnsafeRawBufferPointer {
        let length = Int(byte()) << 8 | Int(byte())
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(length)) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(length))
    }

    mutating func everything() -> UnsafeRawBufferPointer {
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(rest.count)) }
        return rest
    }
}
