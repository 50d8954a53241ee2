/// What goes wrong with one reply. Where the fault has a reply to spoil, it is the rule's answer.
public enum Fault: Sendable, Equatable {
    // TCP
    /// RST once so many bytes of the answer are written; 0: `Behaviour.Reply.reset`.
    case resetAfter(bytes: Int)
    /// The connection stays open, and no answer ever comes.
    case silence
    /// FIN before the answer: the sender sees an end where the status line belongs.
    case halfClose
    /// Answers and keeps the connection; closes it when the next request's first byte comes.
    case closeBeforeReuse

    // HTTP
    /// The head comes byte by byte, with so many milliseconds between two.
    case slowHead(milliseconds: Int)
    /// Header lines without end.
    case endlessHead
    /// A status line that is none.
    case badStatusLine
    /// `content-length` says more than comes; then FIN.
    case lengthTooLong
    /// `content-length` says less than comes.
    case lengthTooShort
    /// A chunked body that ends with FIN in the middle of a chunk.
    case truncatedChunk
    /// A chunk whose size is no number.
    case malformedChunk
    /// A chunked body without end.
    case infiniteBody
    /// A small body with `content-encoding: gzip` that unpacks to so many MiB, 1,024 at most.
    case gzipBomb(mebibytes: Int)
    /// The answer while the request still uploads: once its head is whole.
    case earlyAnswer
    /// Redirects to a path of this receiver that redirects again, so many times.
    case redirectChain(hops: Int)
    /// 302 to an address inside a private network or of a cloud's metadata service.
    case redirectTo(String)
}

/// What goes wrong with a connection before any request is read.
public enum ConnectionFault: Sendable, Equatable {
    /// RST as soon as it is accepted.
    case reset
    /// RST once so many bytes of what the sender writes have been read; nothing is answered.
    case resetAfter(bytes: Int)
    /// Accepted and read, never answered.
    case silence
    /// Accepted, never read: the sender's buffers fill.
    case neverRead
    /// The port does not listen meanwhile: connection refused, for all. A rule's share and numbers of connections mean nothing here.
    case refuse
    // TLS; on the plain port they do nothing.
    case tlsExpired
    case tlsWrongHost
    case tlsSelfSigned
    /// Nothing after the ClientHello.
    case tlsStall
    /// TLS 1.1 at most.
    case tlsOldVersion
    /// A client certificate is asked for, and without one the handshake fails.
    case tlsClientCertificate
}

extension ConnectionFault {
    /// Whether only a TLS port knows it.
    package var isOfTLS: Bool {
        switch self {
        case .reset, .resetAfter, .silence, .neverRead, .refuse: false
        case .tlsExpired, .tlsWrongHost, .tlsSelfSigned, .tlsStall, .tlsOldVersion, .tlsClientCertificate: true
        }
    }

    /// Whether it leaves nothing to be served.
    var takesAll: Bool {
        switch self {
        case .reset, .resetAfter, .silence, .neverRead, .tlsStall: true
        case .refuse, .tlsExpired, .tlsWrongHost, .tlsSelfSigned, .tlsOldVersion, .tlsClientCertificate: false
        }
    }
}

/// Which connections a fault strikes: the first rule that holds.
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
