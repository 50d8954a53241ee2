/// Signs messages with every live secret of one endpoint, and writes the headers of its scheme.
///
/// Keeps one keyed context per secret, so signing 512 bytes with HMAC-SHA256 costs about half a microsecond and
/// allocates nothing itself (OpenSSL copies its context twice). Not Sendable: one thread owns it.
public final class Signer {
    public let scheme: SignatureScheme
    private let keys: [SigningKey]
    private let lines: [Line]
    private let prefix: [UInt8]
    private let separator: [UInt8]
    /// The most signatures of one message.
    private let most: Int
    /// Bytes of the lines without ids and types, which vary.
    private let fixedBytes: Int
    private let ids: Int
    private let types: Int

    private struct Line {
        /// The name, a colon and a space.
        let name: [UInt8]
        let value: MessageTemplate
        let carriesSignature: Bool
    }

    /// - Precondition: the secrets can sign and have the form that the scheme requires.
    public init(_ secrets: SecretSet, scheme: SignatureScheme = .standard) {
        precondition(secrets.canSign, "a public key cannot sign")
        self.scheme = scheme
        keys = secrets.members.map { SigningKey($0, scheme: scheme) }
        most = scheme.separator == nil ? 1 : keys.count
        prefix = Array(scheme.prefix.utf8)
        separator = Array((scheme.separator ?? "").utf8)
        lines = scheme.headers.map { header in
            Line(
                name: Array("\(header.name): ".utf8), value: header.value,
                carriesSignature: header.value.variables.contains(.signature))
        }
        let variables = scheme.headers.flatMap(\.value.variables)
        ids = variables.count { $0 == .id }
        types = variables.count { $0 == .type }
        let texts = lines.reduce(0) { $0 + $1.name.count + $1.value.fixedBytes + 1 }
        let times = variables.count { $0 == .timestamp } * DecimalSeconds.mostDigits
        fixedBytes = texts + times + most * (scheme.entryBytes + separator.count) + 1
    }

    /// Bytes that `write` may need.
    public func headBytes(id: Int, type: Int) -> Int { fixedBytes + ids * id + types * type }

    /// Writes the scheme's header lines, each `Name: value` and a NUL. Makes no allocation and no String.
    ///
    /// - Parameters:
    ///   - message: borrowed for the call.
    ///   - output: at least `headBytes(id:type:)` bytes.
    ///   - line: called with the range of each line in `output`, without its NUL.
    /// - Returns: the number of bytes written.
    @discardableResult
    public func write(
        _ message: MessageToSign, into output: UnsafeMutableRawBufferPointer, line: (Range<Int>) -> Void = { _ in }
    ) -> Int {
        precondition(
            output.count >= headBytes(id: message.id.count, type: message.type.count),
            "the buffer is too small for the header lines")
        return withUnsafeTemporaryAllocation(byteCount: DecimalSeconds.mostDigits, alignment: 1) { digits in
            let timestamp = DecimalSeconds.write(message.seconds, into: digits)
            let parts = MessageBytes(id: message.id, timestamp: timestamp, type: message.type, body: message.body)
            var writer = LineWriter(output)
            for entry in lines {
                let start = writer.offset
                write(entry, parts, message.seconds, &writer)
                line(start..<writer.offset)
                writer.put(0)
            }
            return writer.offset
        }
    }

    private func write(_ line: Line, _ parts: MessageBytes, _ seconds: Int64, _ writer: inout LineWriter) {
        writer.put(line.name)
        line.value.bytes.withUnsafeBytes { text in
            for part in line.value.parts {
                switch part {
                case .text(let range): writer.put(UnsafeRawBufferPointer(rebasing: text[range]))
                case .variable(.signature): writeSignatures(parts, seconds, &writer)
                case .variable(let variable): writer.put(parts[variable])
                }
            }
        }
    }

    private func writeSignatures(_ parts: MessageBytes, _ seconds: Int64, _ writer: inout LineWriter) {
        var count = 0
        for key in keys where count < most && key.isLive(at: seconds) {
            if count > 0 { writer.put(separator) }
            writer.put(prefix)
            writer.offset += key.sign(scheme.signs, parts, into: writer.room)
            count += 1
        }
    }
}

/// What one attempt signs. The bytes are borrowed: they must stay valid during the call.
public struct MessageToSign {
    public var id: UnsafeRawBufferPointer
    public var type: UnsafeRawBufferPointer
    /// Unix seconds of the attempt.
    public var seconds: Int64
    public var body: UnsafeRawBufferPointer

    public init(
        id: UnsafeRawBufferPointer, type: UnsafeRawBufferPointer, seconds: Int64, body: UnsafeRawBufferPointer
    ) {
        self.id = id
        self.type = type
        self.seconds = seconds
        self.body = body
    }
}

/// Writes bytes one after another.
private struct LineWriter {
    private let output: UnsafeMutableRawBufferPointer
    var offset = 0

    init(_ output: UnsafeMutableRawBufferPointer) { self.output = output }

    var room: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: output[offset...]) }

    mutating func put(_ byte: UInt8) {
        output[offset] = byte
        offset += 1
    }

    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        room.copyMemory(from: bytes)
        offset += bytes.count
    }

    mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put($0) } }
}
