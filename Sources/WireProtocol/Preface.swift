/// The eight bytes that open a connection in both directions (Protocol.md, 2).
///
/// They are neither text nor TLS, and a translation of line endings changes them. The last byte is the major version.
public enum Preface {
    public static let majorVersion: UInt8 = 1
    public static let bytes: [UInt8] = [0x89, 0x4E, 0x54, 0x4C, 0x0D, 0x0A, 0x1A, majorVersion]

    /// What the first bytes of a connection are.
    public enum Verdict: Equatable, Sendable {
        /// The whole preface of this version.
        case complete
        /// Correct so far.
        case incomplete
        /// Our protocol in another major version.
        case otherVersion(UInt8)
        /// Bytes of another protocol.
        case foreign(ForeignProtocol)
    }

    /// What a client with another protocol sent, for the log.
    public enum ForeignProtocol: String, Sendable {
        case http = "an HTTP request"
        case tls = "a TLS ClientHello"
        case proxyHeader = "a header of the PROXY protocol"
        case mangled = "a preface whose line ends were translated"
        case unknown = "bytes of no known protocol"
    }

    /// Checks the first bytes of a connection. It decides as soon as one byte is wrong, else when there are eight.
    public static func check(_ received: UnsafeRawBufferPointer) -> Verdict {
        let magic = bytes.dropLast()
        guard received.prefix(magic.count).elementsEqual(magic.prefix(received.count)) else {
            return .foreign(foreignProtocol(received))
        }
        guard received.count >= bytes.count else { return .incomplete }
        let version = received[magic.count]
        return version == majorVersion ? .complete : .otherVersion(version)
    }

    private static let httpMethods = ["GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ", "PRI "]

    private static func foreignProtocol(_ received: UnsafeRawBufferPointer) -> ForeignProtocol {
        // RFC 8446, 5.1: a handshake record is 0x16, then the legacy version 0x03xx.
        if received[0] == 0x16, received.count < 2 || received[1] == 0x03 { return .tls }
        if received.starts(with: bytes.prefix(4)) { return .mangled }
        // haproxy's proxy-protocol.txt, 2.1 and 2.2: both versions are told from anything else by their beginning.
        let isProxied = [Array("PROXY ".utf8), [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51]].contains { start in
            received.count >= 4 && received.starts(with: start.prefix(received.count))
        }
        if isProxied { return .proxyHeader }
        let isHTTP = httpMethods.contains { method in
            received.starts(with: method.utf8.prefix(received.count))
        }
        return isHTTP ? .http : .unknown
    }
}
