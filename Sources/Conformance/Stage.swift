import WireProtocol

/// The server under test, and what its operator says about it.
public struct Subject: Sendable {
    public var address: ServerAddress
    public var key: String
    /// A tenant that the key allows. Events of type `conformance.check` are published for it.
    public var tenant: String
    /// A tenant that exists and that the key does not allow.
    public var forbiddenTenant: String?
    /// A disabled tenant that the key allows.
    public var disabledTenant: String?
    /// A shell command that tells the server to shut down.
    public var drainCommand: String?
    /// How long an answer may take, and how late a deadline may be.
    public var patience: Duration

    public init(address: ServerAddress, key: String, tenant: String, patience: Duration = .seconds(5)) {
        self.address = address
        self.key = key
        self.tenant = tenant
        self.patience = patience
    }
}

/// Makes connections for a check, opened as far as the check needs them.
struct Stage: Sendable {
    let subject: Subject

    /// A connection on which nothing was sent yet.
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

    /// An event that must be stored: with a new id, and minimal otherwise.
    func event() -> RawEvent { RawEvent(tenant: subject.tenant) }

    /// A PUBLISH of events that must be stored.
    func publish(_ id: UInt64, events count: Int = 1) -> RawFrame {
        .publish(id, (0..<count).map { _ in event().bytes })
    }
}
