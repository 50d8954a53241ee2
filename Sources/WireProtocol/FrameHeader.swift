/// The 24 bytes before every body (Protocol.md, 3).
public struct FrameHeader: Equatable, Sendable {
    public static let byteCount = 24

    public var bodyLength: UInt32
    /// The type's byte. `type` is nil if this version does not know it.
    public var typeByte: UInt8
    /// Chosen by the sender of a request, repeated by its answer.
    public var requestID: UInt64
    /// CRC32C of the body.
    public var bodyChecksum: UInt32

    public var type: FrameType? { FrameType(rawValue: typeByte) }

    public init(type: FrameType, requestID: UInt64, body: UnsafeRawBufferPointer) {
        bodyLength = UInt32(body.count)
        typeByte = type.rawValue
        self.requestID = requestID
        bodyChecksum = Checksum.of(body)
    }

    /// Reads and checks a header. Its own checksum is checked first; before that no field is used.
    ///
    /// - Parameters:
    ///   - bytes: at least `byteCount` bytes.
    ///   - bodyLimit: the longest body in bytes.
    public init(checking bytes: UnsafeRawBufferPointer, bodyLimit: Int) throws(FrameError) {
        let checked = UnsafeRawBufferPointer(rebasing: bytes[..<20])
        guard Checksum.of(checked) == bytes.bigEndian(at: 20, as: UInt32.self) else { throw .headerCorrupt }
        bodyLength = bytes.bigEndian(at: 0, as: UInt32.self)
        typeByte = bytes[4]
        requestID = bytes.bigEndian(at: 8, as: UInt64.self)
        bodyChecksum = bytes.bigEndian(at: 16, as: UInt32.self)
        guard bytes[5] == 0, bytes.bigEndian(at: 6, as: UInt16.self) == 0 else { throw .reservedBits }
        guard type != nil || typeByte >= FrameType.firstSkippable else { throw .unknownType(typeByte) }
        guard bodyLength <= bodyLimit else { throw .tooLarge(length: bodyLength, limit: bodyLimit) }
    }

    /// Writes the header, its checksum last.
    ///
    /// - Parameter bytes: at least `byteCount` bytes.
    public func write(to bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: bodyLength.bigEndian, toByteOffset: 0, as: UInt32.self)
        bytes.storeBytes(of: typeByte, toByteOffset: 4, as: UInt8.self)
        bytes.storeBytes(of: 0, toByteOffset: 5, as: UInt8.self)
        bytes.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
        bytes.storeBytes(of: requestID.bigEndian, toByteOffset: 8, as: UInt64.self)
        bytes.storeBytes(of: bodyChecksum.bigEndian, toByteOffset: 16, as: UInt32.self)
        let checked = UnsafeRawBufferPointer(rebasing: bytes[..<20])
        bytes.storeBytes(of: Checksum.of(checked).bigEndian, toByteOffset: 20, as: UInt32.self)
    }
}

/// Why a connection cannot continue after these bytes.
public enum FrameError: Error, Equatable, Sendable {
    case headerCorrupt
    case reservedBits
    case unknownType(UInt8)
    case tooLarge(length: UInt32, limit: Int)

    /// The status of the CLOSE that follows.
    public var status: ProtocolStatus {
        switch self {
        case .headerCorrupt: .headerCorrupt
        case .reservedBits, .unknownType: .protocolError
        case .tooLarge: .frameTooLarge
        }
    }
}

extension FrameError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .headerCorrupt: "the checksum of a frame header is wrong"
        case .reservedBits: "a reserved bit of a frame header is set"
        case .unknownType(let type): "frame type \(type) is unknown"
        case .tooLarge(let length, let limit): "a frame body has \(length) bytes; the limit is \(limit)"
        }
    }
}

extension UnsafeRawBufferPointer {
    /// A big-endian number at any alignment. The caller has checked that it is within the bytes.
    @inline(__always)
    func bigEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}
