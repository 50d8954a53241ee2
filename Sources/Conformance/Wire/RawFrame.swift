import WireProtocol

/// A frame as bytes. Every field may be wrong. Written by hand here, apart from the encoders that a server may share.
struct RawFrame {
    var type: UInt8
    var flags: UInt8 = 0
    var reserved: UInt16 = 0
    var requestID: UInt64 = 1
    var body: [UInt8] = []
    /// The length in the header; nil: the right one.
    var length: UInt32?
    /// XORed with the right checksums.
    var bodyChecksumError: UInt32 = 0
    var headerChecksumError: UInt32 = 0

    var bytes: [UInt8] {
        var header: [UInt8] = []
        header.append(number: length ?? UInt32(body.count))
        header.append(type)
        header.append(flags)
        header.append(number: reserved)
        header.append(number: requestID)
        header.append(number: body.withUnsafeBytes(Checksum.of) ^ bodyChecksumError)
        header.append(number: header.withUnsafeBytes(Checksum.of) ^ headerChecksumError)
        return header + body
    }
}

extension RawFrame {
    init(_ type: FrameType, id: UInt64 = 1, body: [UInt8] = []) {
        self.init(type: type.rawValue, requestID: id, body: body)
    }

    static func hello(
        key: String, id: UInt64 = 1, minor: UInt16 = 0, features: UInt32 = 0, name: [UInt8] = Array("conformance".utf8),
        appended: [UInt8] = []
    ) -> RawFrame {
        var body: [UInt8] = []
        body.append(number: minor)
        body.append(number: features)
        body.append(text: Array(key.utf8))
        body.append(text: name)
        return RawFrame(.hello, id: id, body: body + appended)
    }

    /// PUBLISH with these records.
    ///
    /// - Parameter count: the count in the body; nil: the right one.
    static func publish(_ id: UInt64, _ records: [[UInt8]], count: UInt32? = nil, appended: [UInt8] = []) -> RawFrame {
        var body: [UInt8] = []
        body.reserveCapacity(4 + records.reduce(0) { $0 + 4 + $1.count })
        body.append(number: count ?? UInt32(records.count))
        for record in records {
            body.append(number: UInt32(record.count))
            body += record
        }
        return RawFrame(.publish, id: id, body: body + appended)
    }

    static func ping(_ id: UInt64, opaque: UInt64 = 0x0102_0304_0506_0708, sentAt: Int64 = 1) -> RawFrame {
        var body: [UInt8] = []
        body.append(number: opaque)
        body.append(number: sentAt)
        return RawFrame(.ping, id: id, body: body)
    }

    static func pong(_ id: UInt64) -> RawFrame { RawFrame(.pong, id: id, body: [UInt8](repeating: 7, count: 32)) }

    static func close(_ status: ProtocolStatus, text: [UInt8] = [], appended: [UInt8] = []) -> RawFrame {
        var body: [UInt8] = []
        body.append(number: status.rawValue)
        body.append(text: text)
        return RawFrame(.close, id: 0, body: body + appended)
    }
}

extension [UInt8] {
    /// Appends a big-endian number.
    mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    /// Appends a `str` with these bytes.
    mutating func append(text: [UInt8]) {
        append(number: UInt16(text.count))
        self += text
    }
}
