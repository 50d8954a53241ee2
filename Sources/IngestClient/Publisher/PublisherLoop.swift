import Logging
import NIOCore
import WireProtocol

/// Runs `PublisherCore` on one event loop: performs its actions, and passes it what happened.
final class PublisherLoop: @unchecked Sendable {
    // Unchecked: everything except `intake` and the settings is confined to `eventLoop`.
    let eventLoop: any EventLoop
    let intake: Intake
    private let settings: PublisherSettings
    private var core: PublisherCore
    private var chance = SystemRandomNumberGenerator()
    private var connections: [UInt64: ProducerConnection] = [:]
    private var arrivals: [Publication] = []
    private var timer: (due: Int64, task: Scheduled<Void>)?
    private var started: EventLoopPromise<Void>?
    private var closings: [EventLoopPromise<Void>] = []

    init(settings: PublisherSettings, eventLoop: any EventLoop) {
        self.settings = settings
        self.eventLoop = eventLoop
        core = PublisherCore(settings: settings, now: PublisherLoop.now)
        intake = Intake(space: core.space)
    }

    /// Nanoseconds of the monotonic clock.
    static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

    // MARK: From any thread

    /// Connects. Fails with an `IngestError` if that is not possible.
    func start() -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        eventLoop.execute {
            self.started = promise
            self.turn()
        }
        return promise.futureResult
    }

    /// Hands a publication over. False: it waits for space.
    func offer(_ publication: Publication) -> Bool {
        switch intake.offer(publication) {
        case .taken(let isAdmitted, let needsTurn):
            if needsTurn { eventLoop.execute { self.turn() } }
            return isAdmitted
        case .closed:
            publication.outcome.end(publication.end(.closed).result)
            return true
        }
    }

    /// Its caller no longer waits.
    func withdraw(_ publication: Publication) {
        eventLoop.execute {
            self.takeArrivals()
            self.take(.withdrawn(publication))
            self.turn()
        }
    }

    /// Accepts nothing new, and ends what is there within the grace time.
    func close(graceMilliseconds: Int64) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        intake.close()
        eventLoop.execute {
            self.closings.append(promise)
            self.takeArrivals()
            self.take(.closing(graceMilliseconds: graceMilliseconds))
            self.turn()
        }
        return promise.futureResult
    }

    func ping() -> EventLoopFuture<Pong> {
        eventLoop.flatSubmit {
            guard let connection = self.connections.values.first(where: { $0.isOpen && !$0.isLeaving }) else {
                return self.eventLoop.makeFailedFuture(IngestError.lost(reason: "there is no connection now"))
            }
            return connection.ping()
        }
    }

    // MARK: On the loop

    /// Tells the core at once. What follows comes with the next turn, one for all the answers of a read.
    func take(_ input: PublisherCore.Input) { core.take(input, now: PublisherLoop.now, random: &chance) }

    func queueTurn() {
        if intake.queueTurn() { eventLoop.execute { self.turn() } }
    }

    private func takeArrivals() {
        intake.drain(into: &arrivals)
        for publication in arrivals { take(.submitted(publication)) }
        arrivals.removeAll(keepingCapacity: true)
    }

    private func turn() {
        takeArrivals()
        core.turn(now: PublisherLoop.now)
        // Before the receipts are sent, so that a caller with its receipt sees metrics that count it.
        intake.show(core.space, isBlocked: core.isFull, metrics: core.metrics)
        perform(core.takeActions())
        armTimer()
    }

    private func perform(_ actions: [PublisherCore.Action]) {
        var written: UInt64?
        for action in actions {
            switch action {
            case .connect(let link, let address): connect(link, to: address)
            case .send(let link, let frame, let runs, let bytes):
                send(runs, bytes: bytes, as: frame, on: link)
                written = link
            case .leave(let link): connections.removeValue(forKey: link)?.close()
            case .admit(let publication): publication.outcome.admit()
            case .end(let publication, let result): publication.outcome.end(result)
            case .started(let error):
                if let error { started?.fail(error) } else { started?.succeed() }
                started = nil
            case .finished: finish()
            case .note(let notice): settings.logger.map { notice.log(to: $0) }
            }
        }
        if let written { connections[written]?.flush() }
    }

    private func connect(_ link: UInt64, to address: Int) {
        let owner = LinkOwner(link: link, loop: self)
        ProducerConnection.connect(settings.connection(to: address), owner: owner, on: eventLoop).whenComplete {
            result in
            switch result {
            case .success(let connection):
                self.connections[link] = connection
                self.intake.welcome = connection.welcome
                self.take(.opened(link: link, LinkTerms(connection.welcome, self.settings)))
            case .failure(let error):
                let error = error as? IngestError ?? .lost(reason: ProducerConnection.reason(of: error))
                self.take(.ended(link: link, error))
            }
            self.queueTurn()
        }
    }

    private func send(_ runs: [Run], bytes: Int, as frame: UInt64, on link: UInt64) {
        guard let connection = connections[link], connection.isOpen else { return }
        var writer = connection.makeFrame(byteCapacity: bytes)
        for run in runs {
            let events = run.publication.events
            for index in run.range {
                let fits = writer.append(events[index])
                precondition(fits, "the core counts a frame's bytes as the writer does")
            }
        }
        connection.send(writer, token: frame)
    }

    /// A connection is over.
    func ended(_ link: UInt64, _ error: IngestError) {
        connections[link] = nil
        take(.ended(link: link, error))
        queueTurn()
    }

    private func armTimer() {
        guard let due = core.nextDue else { return disarm() }
        if let timer, timer.due <= due { return }
        disarm()
        let task = eventLoop.scheduleTask(deadline: .uptimeNanoseconds(UInt64(max(due, 0)))) {
            self.timer = nil
            self.turn()
        }
        timer = (due, task)
    }

    private func disarm() {
        timer?.task.cancel()
        timer = nil
    }

    private func finish() {
        intake.close()
        disarm()
        for promise in closings { promise.succeed() }
        closings = []
    }
}

/// Forwards the events of one connection to the loop.
private final class LinkOwner: ProducerConnectionOwner {
    private let link: UInt64
    private let loop: PublisherLoop

    init(link: UInt64, loop: PublisherLoop) {
        self.link = link
        self.loop = loop
    }

    func connection(_ connection: ProducerConnection, acknowledged ack: Ack, token: UInt64, count: Int) {
        loop.take(.answered(link: link, frame: token, ack))
        loop.queueTurn()
    }

    func connection(_ connection: ProducerConnection, wasAskedToLeave request: GoAway) {
        loop.take(.askedToLeave(link: link, request))
        loop.queueTurn()
    }

    func connection(_ connection: ProducerConnection, endedBy error: IngestError) { loop.ended(link, error) }
}

extension PublisherNotice {
    func log(to logger: Logger) {
        switch self {
        case .connected(let address): logger.info("connected", metadata: ["server": "\(address)"])
        case .lost(let address, let error, let wasOpen, let next):
            let level: Logger.Level = error.isPermanent ? .error : .warning
            logger.log(
                level: level, wasOpen ? "connection lost" : "no connection",
                metadata: ["server": "\(address)", "reason": "\(error)", "next_try_ms": "\(next)"])
        case .askedToLeave(let address, let reason):
            logger.info("the server asks clients to leave", metadata: ["server": "\(address)", "reason": "\(reason)"])
        case .gaveUp(let error):
            logger.warning(
                "a publication ended without all its answers",
                metadata: [
                    "reason": "\(error)", "events": "\(error.receipts.count)", "in_doubt": "\(error.inDoubt)",
                    "not_stored": "\(error.notStored)",
                ])
        }
    }
}
