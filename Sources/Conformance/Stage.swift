import WireProtocol

/// The server under test and what its operator tells about it.
public struct Subject: Sendable {
    public var address: ServerAddress
    public var key: String
    /// A tenant that the key opens. Events are published for it, of type `conformance.check`.
    public var tenant: String
    /// A tenant that there is and that the key does not open.
    public var forbiddenTenant: String?
    /// A tenant that the key opens and that is disabled.
    public var disabledTenant: String?
    /// A shell command that tells the server to shut down.
    public var drainCommand: String?
    /// How long an answer may take, and a deadline be overdue.
    public var patience: Duration

    public init(address: ServerAddress, key: String, tenant: String, patience: Duration = .seconds(5)) {
        self.address = address
        self.key = key
        self.tenant = tenant
        self.patience = patience
    }
}

/// Where a check is played: makes connections as far as the check wants them.
struct Stage: Sendable {
    let subject: Subject

    /// Nothing is said yet.
    func connect() throws -> Conversation {
        try Conversation(to: subject.address, patience: subject.patience)
    }

    /// The prefaces are exchanged.
    func greeted() throws -> Conversation {
        let peer = try connect()
        peer.send(Preface.bytes)
        try peer.expectPreface("2.1")
        return peer
    }

    /// WELCOME has come.
    func welcomed() throws -> Conversation {
        let peer = try connect()
        peer.send(Preface.bytes + hello().bytes)
        try peer.expectPreface("2.1")
        try peer.expectWelcome(1, "5.2.1")
        return peer
    }

    func hello(id: UInt64 = 1) -> RawFrame { .hello(key: subject.key, id: id) }

    /// An event that must be stored: an id of its own, the least of everything else.
    func event() -> RawEvent { RawEvent(tenant: subject.tenant) }

    /// A PUBLISH of events that must be stored.
    func publish(_ id: UInt64, events count: Int = 1) -> RawFrame {
        .publish(id, (0..<count).map { _ in event().bytes })
    }
}
