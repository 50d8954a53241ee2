public import WireProtocol

/// Why a connection could not be opened, or ended. Afterwards the state of every unanswered event is unknown: send it
/// again with the same id.
public enum IngestError: Error, Sendable, Equatable {
    /// Nothing answers at the address.
    case unreachable(address: String, reason: String)
    /// The peer does not speak this protocol.
    case notNeedletail(address: String)
    /// The server closed the connection with a reason (Protocol.md, status class 0x04 or 0x02).
    case closed(ProtocolStatus, text: String)
    /// The server speaks another major version of the protocol.
    case otherVersion(UInt8, address: String)
    /// TLS could not be negotiated, or the server's certificate is not trusted.
    case tlsFailed(address: String, reason: String)
    /// The settings can never work.
    case badSettings(String)
    /// The connection broke.
    case lost(reason: String)
    /// No answer in time.
    case timedOut(waitingFor: String, milliseconds: Int64)
    /// The server broke the protocol.
    case broken(reason: String)
    /// Closed by this side.
    case finished
}

extension IngestError {
    /// Whether trying again cannot help before something is changed.
    public var isPermanent: Bool {
        switch self {
        case .notNeedletail, .otherVersion, .tlsFailed, .badSettings: true
        case .closed(let status, _):
            [.authFailed, .unsupportedVersion, .tlsRequired].contains(status)
        case .unreachable, .lost, .timedOut, .broken, .finished: false
        }
    }
}

extension IngestError {
    /// Whether a server answered that it has no place for a connection now: it may have one soon.
    var isBusy: Bool {
        switch self {
        case .closed(let status, _): [.tooManyConnections, .draining].contains(status)
        default: false
        }
    }
}

extension IngestError: CustomStringConvertible {
    /// One line that names the cause and the remedy.
    public var description: String {
        switch self {
        case .unreachable(let address, let reason):
            "no connection to \(address): \(reason); is the server started, and is this its ingest port?"
        case .notNeedletail(let address):
            "\(address) does not speak the ingest protocol: is this the ingest port (7400 by default)?"
        case .otherVersion(let version, let address):
            "\(address) speaks version \(version) of the ingest protocol, this client version 1: use a client of that version"
        case .tlsFailed(let address, let reason):
            "no TLS with \(address): \(reason)"
        case .badSettings(let mistake): mistake
        case .closed(.authFailed, ""):
            "the server does not accept this API key (AUTH_FAILED); use a key that its provisioning file declares"
        // The server's text has the reason, and what helps.
        case .closed(.authFailed, let text): "the server refused the connection: \(text) (AUTH_FAILED)"
        case .closed(.tlsRequired, _): "the server speaks only TLS on this port: enable TLS"
        case .closed(let status, let text):
            "the server closed the connection: \(status.name)\(suffix(text))"
        case .lost(let reason): "the connection was lost: \(reason)"
        case .timedOut(let thing, let milliseconds): "no \(thing) within \(milliseconds) ms"
        case .broken(let reason): "the server broke the protocol: \(reason)"
        case .finished: "the connection is closed"
        }
    }

    private func suffix(_ text: String) -> String { text.isEmpty ? "" : ": \(text)" }
}
