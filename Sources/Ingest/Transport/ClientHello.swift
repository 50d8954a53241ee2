package import NIOCore
import WebhookModel

/// The first bytes of a connection to a TLS port, read before TLS sees them (RFC 8446, 4.1.2 and 5.1).
///
/// A malformed ClientHello is treated as one that offers nothing: TLS itself then refuses it, with the right alert.
package struct ClientHello: Equatable {
    package enum Look: Equatable {
        case incomplete
        case hello(ClientHello)
        /// Not TLS: the first byte is not that of a handshake record.
        case plaintext
    }

    /// The application protocols that the client offers (RFC 7301, 3.1); nil: it has no such extension.
    package var offers: [[UInt8]]?

    package init(offers: [[UInt8]]?) { self.offers = offers }

    /// - Parameter bytes: what has arrived so far, from the connection's first byte on.
    package static func look(_ bytes: ByteBufferView) -> Look {
        guard let first = bytes.first else { return .incomplete }
        guard first == handshakeRecord else { return .plaintext }
        // Passed on unread: TLS refuses it.
        guard bytes.count <= Limits.clientHelloBytes else { return .hello(ClientHello(offers: nil)) }
        // A ClientHello is usually one record. Nothing is copied before that record is complete.
        guard bytes.count >= 5 else { return .incomplete }
        let length = Int(bytes[bytes.startIndex + 3]) << 8 | Int(bytes[bytes.startIndex + 4])
        guard bytes.count >= 5 + length else { return .incomplete }
        guard let message = handshakeMessage(bytes) else { return .incomplete }
        var reader = ByteReader(message[...])
        return .hello(ClientHello(offers: reader.offers()))
    }

    private static let handshakeRecord: UInt8 = 22

    /// The ClientHello's message with its four header bytes, joined from its records; nil: more bytes must arrive. A record of
    /// another type ends it.
    private static func handshakeMessage(_ bytes: ByteBufferView) -> [UInt8]? {
        var message: [UInt8] = []
        var reader = ByteReader(Array(bytes)[...])
        while true {
            if message.count >= 4 {
                let length = Int(message[1]) << 16 | Int(message[2]) << 8 | Int(message[3])
                if message.count >= 4 + length { return Array(message.prefix(4 + length)) }
            }
            guard let type = reader.integer(1) else { return nil }
            guard type == Int(handshakeRecord) else { return message }
            guard reader.integer(2) != nil, let length = reader.integer(2), let part = reader.take(length) else {
                return nil
            }
            // RFC 8446, 5.1: no empty fragments. A client could send them for ever.
            guard length > 0 else { return message }
            message += part
        }
    }
}

/// Reads big-endian fields; nil past the end.
private struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func integer(_ count: Int) -> Int? { take(count)?.reduce(0) { $0 << 8 | Int($1) } }

    /// A field that follows its own length, which has `lengthBytes` bytes.
    mutating func vector(_ lengthBytes: Int) -> ArraySlice<UInt8>? { integer(lengthBytes).flatMap { take($0) } }

    /// The protocol names of a ClientHello message.
    mutating func offers() -> [[UInt8]]? {
        // Head, version, random, session id, cipher suites, compression methods; then the extensions.
        guard integer(1) == 1, take(3) != nil, take(34) != nil, vector(1) != nil, vector(2) != nil, vector(1) != nil,
            let extensions = vector(2)
        else { return nil }
        var reader = ByteReader(extensions)
        while let type = reader.integer(2), let body = reader.vector(2) {
            guard type == 16 else { continue }
            var list = ByteReader(body)
            guard let names = list.vector(2) else { return nil }
            return ByteReader(names).names()
        }
        return nil
    }

    private func names() -> [[UInt8]] {
        var reader = self
        var names: [[UInt8]] = []
        while let name = reader.vector(1) { names.append(Array(name)) }
        return names
    }
}
