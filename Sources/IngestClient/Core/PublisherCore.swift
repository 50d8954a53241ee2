import NIOCore
package import WireProtocol

/// What a publisher decides: which events go where and when, what follows an answer, a loss, a goodbye. Synchronous:
/// time and chance are arguments, and what is to be done comes out as actions, which the caller performs in order.
///
/// Each publication that went in ends with exactly one `end` action. All times are nanoseconds of the monotonic clock.
package struct PublisherCore {
    /// What happened.
    package enum Input {
        /// Room was taken for it already where `isAdmitted` says so.
        case submitted(Publication)
        /// Its caller does not wait any more.
        case withdrawn(Publication)
        /// A connection reached WELCOME.
        case opened(link: UInt64, LinkTerms)
        case answered(link: UInt64, frame: UInt64, Ack)
        case askedToLeave(link: UInt64, GoAway)
        /// A connection ended, or could not be made.
        case ended(link: UInt64, IngestError)
        /// Nothing new comes; what is there has so long.
        case closing(graceMilliseconds: Int64)
    }

    /// What is to be done.
    package enum Action {
        case connect(link: UInt64, address: Int)
        /// `bytes`: of the frame's body.
        case send(link: UInt64, frame: UInt64, runs: [Run], bytes: Int)
        /// Say goodbye and close.
        case leave(link: UInt64)
        /// It has room now; its caller may go on.
        case admit(Publication)
        case end(Publication, Result<[EventReceipt], PublishError>)
        /// The first connection stands, or could not be made.
        case started(IngestError?)
        /// Closed: everything has ended.
        case finished
        case note(PublisherNotice)
    }

    enum Phase: Equatable {
        /// No connection has ever stood.
        case starting(until: Int64)
        case running
        case closing(until: Int64)
        case finished
    }

    static let millisecond: Int64 = 1_000_000

    package let settings: PublisherSettings
    package private(set) var actions: [Action] = []
    package var metrics = PublisherMetrics()
    var phase: Phase

    // Publications: those that wait for room; runs never sent; runs that were; runs whose time comes.
    var waiting = CircularBuffer<Publication>()
    var fresh = CircularBuffer<Run>()
    var freshEvents = 0
    var again = CircularBuffer<Run>()
    var isAgainInOrder = true
    var shelf = RetryShelf()
    var deadlines = DeadlineLine()
    package var room: Room
    var nextPublication: UInt64 = 1
    /// Publications that ended with events in a queue, since the queues were last swept.
    var leftovers = 0
    var turnedAt = Int64.min

    // Connections: the one that is used, those that only collect answers, and when to connect next.
    var current: Link?
    var leaving: [Link] = []
    var connectAt: Int64?
    var nextAddress = 0
    var nextLink: UInt64 = 1
    var backoff: Backoff
    var lastError: IngestError?
    var flights: [UInt64: Flight] = [:]
    var nextFrame: UInt64 = 1

    package init(settings: PublisherSettings, now: Int64) {
        self.settings = settings
        phase = .starting(until: now + settings.startMilliseconds * PublisherCore.millisecond)
        room = Room(eventLimit: settings.bufferedEvents, byteLimit: settings.bufferedBytes)
        backoff = Backoff(
            leastMilliseconds: settings.backoffLeastMilliseconds, mostMilliseconds: settings.backoffMostMilliseconds,
            addresses: settings.servers.count)
        connectAt = now
    }

    /// Notes what happened. What follows from it is decided by the next `turn`.
    package mutating func take(_ input: Input, now: Int64, random: inout some RandomNumberGenerator) {
        switch input {
        case .submitted(let publication): submit(publication)
        case .withdrawn(let publication): end(publication, .cancelled)
        case .opened(let link, let terms): open(link, terms, now)
        case .answered(let link, let frame, let ack): answer(link, frame, ack, now, &random)
        case .askedToLeave(let link, let request):
            perform(.note(.askedToLeave(address: address(of: link), reason: request.reason)))
            leave(
                link, grace: Int64(request.graceMilliseconds), within: Int64(request.spreadMilliseconds), now, &random)
        case .ended(let link, let error): lose(link, error, now, &random)
        case .closing(let grace):
            guard phase != .finished else { return perform(.finished) }
            phase = .closing(until: now + grace * PublisherCore.millisecond)
        }
    }

    /// Does what is due: ends what is overdue, lets in, connects, sends. Once after a batch of inputs, and at `nextDue`.
    package mutating func turn(now: Int64) {
        turnedAt = now
        endOverdue(now)
        giveUpLeaving(now)
        admitWaiting()
        connectWhenDue(now)
        bringBackDue(now)
        sendFrames(now)
        finishWhenDone()
        metrics.bufferedEvents = room.events
        metrics.bufferedBytes = room.bytes
        metrics.waitingCalls = waiting.count
        metrics.isConnected = current?.phase == .open
    }

    /// The actions since the last call, in order.
    package mutating func takeActions() -> [Action] {
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// When `turn` has something to do though nothing happens.
    package var nextDue: Int64? {
        guard phase != .finished else { return nil }
        var due = leaving.lazy.map(\.leavesAt).min() ?? .max
        if let connectAt { due = min(due, connectAt) }
        if let shelved = shelf.nextDue { due = min(due, shelved) }
        if let oldest = deadlines.first { due = min(due, deadline(of: oldest)) }
        // Over, and not sent: the window is full, and an answer will tell.
        if let lingerEnd, lingerEnd > turnedAt { due = min(due, lingerEnd) }
        if case .closing(let until) = phase { due = min(due, until) }
        return due == .max ? nil : due
    }

    /// Publications and runs in the queues, those that have ended and were not swept out yet included.
    package var queued: Int { waiting.count + fresh.count + again.count }

    /// Somebody waits for room.
    package var isFull: Bool { !waiting.isEmpty }

    mutating func perform(_ action: Action) { actions.append(action) }

    func deadline(of publication: Publication) -> Int64 {
        publication.submittedAt + settings.patienceMilliseconds * PublisherCore.millisecond
    }
}
