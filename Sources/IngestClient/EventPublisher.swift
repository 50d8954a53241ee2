public import NIOCore
public import NIOPosix
public import WireProtocol

/// A connection for ordinary use: publish events, await a receipt for each.
///
/// Calls may overlap; their events are sent in the order of the calls, in as few frames as the server's limits allow,
/// and never more than its window. When the connection ends every waiting call throws: its events are in doubt, send
/// them again with the same ids.
public final class EventPublisher: Sendable {
    private let core: PublisherCore
    /// What the server announced: limits, window, durability.
    public let welcome: Welcome

    private init(core: PublisherCore, welcome: Welcome) {
        self.core = core
        self.welcome = welcome
    }

    /// Connects and waits for the server's WELCOME.
    ///
    /// - Parameter group: where the connection lives; NIO's shared one by default.
    /// - Throws: an `IngestError`.
    public static func connect(
        _ settings: ConnectionSettings, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> EventPublisher {
        let core = PublisherCore(eventLoop: group.next())
        let connection = try await IngestConnection.connect(settings, owner: core, on: core.eventLoop)
            .map { connection in
                core.connection = connection
                return connection.welcome
            }.get()
        return EventPublisher(core: core, welcome: connection)
    }

    /// Publishes events and waits until the server has answered each.
    ///
    /// A refusal is a receipt, not an error: look at `isStored` and `status`. An event that the protocol cannot carry
    /// (over the frame's size, a text over 65,535 bytes) gets TOO_LARGE or MALFORMED here and leaves its neighbours
    /// alone.
    ///
    /// - Returns: one receipt per event, in order.
    /// - Throws: an `IngestError` when the connection ended first.
    public func publish(_ events: [OutgoingEvent]) async throws -> [EventReceipt] {
        guard !events.isEmpty else { return [] }
        let core = core
        return try await core.eventLoop.flatSubmit { core.publish(events) }.get()
    }

    /// Publishes one event and waits for its receipt.
    public func publish(_ event: OutgoingEvent) async throws -> EventReceipt { try await publish([event])[0] }

    /// Asks for the server's clock.
    public func ping() async throws -> Pong {
        let core = core
        return try await core.eventLoop.flatSubmit { core.ping() }.get()
    }

    /// Says goodbye and closes. Calls that still wait throw `IngestError.finished`.
    public func close() async {
        let core = core
        try? await core.eventLoop.submit { core.connection?.close() }.get()
    }
}
