/// What goes wrong with one reply. A fault that spoils a reply uses the rule's answer.
public enum Fault: Sendable, Equatable {
    // TCP
    //
    // RST after this number of bytes of the answer were written; 0: `Behaviour.Reply.reset`.
    case resetAfter(bytes: Int)
    /// The connection stays open, and no answer ever comes.
    case silence
    /// FIN before the answer: the sender sees an end instead of the status line.
    case halfClose
    /// Answers and keeps the connection; closes it when the next request's first byte comes.
    case closeBeforeReuse

    // HTTP
    //
    // The head is sent byte by byte, with this number of milliseconds between two.
    case slowHead(milliseconds: Int)
    /// Header lines without end.
    case endlessHead
    /// An invalid status line.
    case badStatusLine
    /// `content-length` says more than comes; then FIN.
    case lengthTooLong
    /// `content-length` says less than comes.
    case lengthTooShort
    /// A chunked body that ends with FIN in the middle of a chunk.
    case truncatedChunk
    /// A chunk with an invalid size.
    case malformedChunk
    /// A chunked body without end.
    case infiniteBody
    /// A small body with `content-encoding: gzip` that unpacks to this number of MiB, at most 1,024.
    case gzipBomb(mebibytes: Int)
    /// The answer while the request is still uploading, after its head is whole.
    case earlyAnswer
    /// Redirects to a path of this receiver that redirects again, this number of times.
    case redirectChain(hops: Int)
    /// 302 to an address in a private network or to a cloud's metadata service.
    case redirectTo(String)
}

/// What goes wrong with a connection before any request is read.
public enum ConnectionFault: Sendable, Equatable {
    /// RST as soon as it is accepted.
    case reset
    /// RST after this number of bytes from the sender were read; nothing is answered.
    case resetAfter(bytes: Int)
    /// Accepted and read, never answered.
    case silence
    /// Accepted, never read: the sender's buffers fill.
    case neverRead
    /// The port does not listen: connection refused, for everyone. A rule's share and numbers of connections have no
    /// meaning here.
    case refuse
    // TLS; these do nothing on the plain port.
    case tlsExpired
    case tlsWrongHost
    case tlsSelfSigned
    /// Nothing after the ClientHello.
    case tlsStall
    /// TLS 1.1 at most.
    case tlsOldVersion
    /// A client certificate is requested, and without one the handshake fails.
    case tlsClientCertificate
}

extension ConnectionFault {
    /// Whether it applies to a TLS port only.
    package var isOfTLS: Bool {
        switch self {
        case .reset, .resetAfter, .silence, .neverRead, .refuse: false
        case .tlsExpired, .tlsWrongHost, .tlsSelfSigned, .tlsStall, .tlsOldVersion, .tlsClientCertificate: true
        }
    }

    /// Whether nothing remains to be served.
    var takesAll: Bool {
        switch self {
        case .reset, .resetAfter, .silence, .neverRead, .tlsStall: true
        case .refuse, .tlsExpired, .tlsWrongHost, .tlsSelfSigned, .tlsOldVersion, .tlsClientCertificate: false
        }
    }
}

/// Which connections a fault applies to: the first rule that applies.
public struct ConnectionRule: Sendable, Equatable {
    public var fault: ConnectionFault
    public var window: TimeWindow?
    /// Chosen by the seed and the connection's number.
    public var share: Share
    /// Which connections, counted from 1 since the start or the last reset.
    public var connections: ClosedRange<Int>?

    public init(
        _ fault: ConnectionFault, window: TimeWindow? = nil, share: Share = .all, connections: ClosedRange<Int>? = nil
    ) {
        self.fault = fault
        self.window = window
        self.share = share
        self.connections = connections
    }
}
