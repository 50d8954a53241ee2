import NIOCore
import WireProtocol

/// What an `EventPublisher` does on its event loop: queues publications, fills frames as the window allows, hands out
/// receipts.
final class PublisherCore: IngestConnectionOwner, @unchecked Sendable {
    // Unchecked: confined to `eventLoop`.

    /// The events of one `publish` call.
    private final class Publication {
        let events: [OutgoingEvent]
        let promise: EventLoopPromise<[EventReceipt]>
        var receipts: [EventReceipt]
        var next = 0
        var unanswered: Int

        init(_ events: [OutgoingEvent], _ promise: EventLoopPromise<[EventReceipt]>) {
            self.events = events
            self.promise = promise
            receipts = events.map { EventReceipt(id: $0.id, status: .busy) }
            unanswered = events.count
        }
    }

    /// Which events of which publications a frame carries.
    private struct Part {
        var publication: Publication
        var index: Int
    }

    let eventLoop: any EventLoop
    var connection: IngestConnection?
    private var waiting = CircularBuffer<Publication>()
    private var frames: [UInt64: [Part]] = [:]
    private var nextToken: UInt64 = 1
    private var ended: IngestError?

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func publish(_ events: [OutgoingEvent]) -> EventLoopFuture<[EventReceipt]> {
        let promise = eventLoop.makePromise(of: [EventReceipt].self)
        if let ended {
            promise.fail(ended)
        } else {
            waiting.append(Publication(events, promise))
            pump()
        }
        return promise.futureResult
    }

    func ping() -> EventLoopFuture<Pong> {
        connection?.ping() ?? eventLoop.makeFailedFuture(ended ?? IngestError.finished)
    }

    // MARK: Frames out

    private func pump() {
        guard let connection, connection.isOpen else { return }
        while !waiting.isEmpty, sendFrame(on: connection) {}
        connection.flush()
    }

    /// Fills one frame from what waits and sends it. False: the window is full, or nothing was left to send.
    private func sendFrame(on connection: IngestConnection) -> Bool {
        var frame = connection.makeFrame()
        var parts: [Part] = []
        var blocked = false
        while let publication = waiting.first {
            while publication.next < publication.events.count {
                let event = publication.events[publication.next]
                if let refusal = refusal(of: event, welcome: connection.welcome) {
                    settle(Part(publication: publication, index: publication.next), refusal)
                    publication.next += 1
                    continue
                }
                guard fits(event, after: frame.bodyBytes, parts.count, connection) else {
                    blocked = true
                    break
                }
                guard frame.append(event) else { break }
                parts.append(Part(publication: publication, index: publication.next))
                publication.next += 1
            }
            guard publication.next == publication.events.count else { break }
            waiting.removeFirst()
        }
        guard !parts.isEmpty else { return false }
        frames[nextToken] = parts
        connection.send(frame, token: nextToken)
        nextToken += 1
        return !blocked
    }

    private func fits(_ event: OutgoingEvent, after bytes: Int, _ events: Int, _ connection: IngestConnection) -> Bool {
        guard events < connection.roomEvents else { return false }
        // A single event is always let out by an empty window, whatever its size.
        return bytes + 4 + event.recordBytes <= connection.roomBytes || (events == 0 && connection.eventsInFlight == 0)
    }

    private func refusal(of event: OutgoingEvent, welcome: Welcome) -> ProtocolStatus? {
        let texts = [event.tenant, event.type, event.correlationID, event.orderingKey, event.contentType]
        let most = Int(UInt16.max)
        guard texts.allSatisfy({ $0.utf8.count <= most }), event.attributes.count <= most,
            event.attributes.allSatisfy({ $0.name.utf8.count <= most && $0.value.utf8.count <= most })
        else { return .malformed }
        let alone = 8 + event.recordBytes
        return event.payload.count > Int(welcome.eventBytes) || alone > Int(welcome.frameBytes) ? .tooLarge : nil
    }

    // MARK: Answers in

    func connection(_ connection: IngestConnection, acknowledged ack: Ack, token: UInt64, count: Int) {
        for (index, part) in (frames.removeValue(forKey: token) ?? []).enumerated() {
            let answer = ack[index]
            part.publication.receipts[part.index].retryAfter = answer.retryAfter
            part.publication.receipts[part.index].commit = answer.status.statusClass == .stored ? ack.commit : 0
            settle(part, answer.status)
        }
        pump()
    }

    private func settle(_ part: Part, _ status: ProtocolStatus) {
        let publication = part.publication
        publication.receipts[part.index].status = status
        publication.unanswered -= 1
        if publication.unanswered == 0 { publication.promise.succeed(publication.receipts) }
    }

    // New events are answered DRAINING by the server; nothing to do here until there is another connection to go to.
    func connection(_ connection: IngestConnection, wasAskedToLeave request: GoAway) {}

    func connection(_ connection: IngestConnection, endedBy error: IngestError) {
        ended = error
        self.connection = nil
        var doubtful: [ObjectIdentifier: Publication] = [:]
        for publication in waiting { doubtful[ObjectIdentifier(publication)] = publication }
        for part in frames.values.joined() { doubtful[ObjectIdentifier(part.publication)] = part.publication }
        waiting.removeAll()
        frames.removeAll()
        for publication in doubtful.values { publication.promise.fail(error) }
    }
}
