import NIOCore
package import WireProtocol

/// The decisions of a publisher: which events go where and when, and what follows an answer, a lost connection or a
/// GOAWAY. Synchronous: time and random numbers are arguments. What must be done is returned as actions, which the
/// caller performs in order.
///
/// Each submitted publication ends with exactly one `end` action. All times are nanoseconds of the monotonic clock.
package struct PublisherCore {
    /// What happened.
    package enum Input {
        /// If `isAdmitted` is set, its space was already taken.
        case submitted(Publication)
        /// Its caller no longer waits.
        case withdrawn(Publication)
        /// A connection reached WELCOME.
        case opened(link: UInt64, LinkTerms)
        case answered(link: UInt64, frame: UInt64, Ack)
        case askedToLeave(link: UInt64, GoAway)
        /// A connection ended, or could not be made.
        case ended(link: UInt64, IngestError)
        /// Nothing new will come. What is there has this much time.
        case closing(graceMilliseconds: Int64)
    }

    /// What the caller must do.
    package enum Action {
        case connect(link: UInt64, address: Int)
        /// `bytes`: of the frame's body.
        case send(link: UInt64, frame: UInt64, runs: [Run], bytes: Int)
        /// Send CLOSE and close.
        case leave(link: UInt64)
        /// It is admitted now; its caller may continue.
        case admit(Publication)
        case end(Publication, Result<[EventReceipt], PublishError>)
        /// The first connection is established, or could not be made.
        case started(IngestError?)
        /// Closed: everything has ended.
        case finished
        case note(PublisherNotice)
    }

    enum Phase: Equatable {
        /// No connection has been established yet.
        /// `busyUntil`: where a server answers, and has no place for a connection now.
        case starting(until: Int64, busyUntil: Int64)
        case running
        case closing(until: Int64)
        case finished
    }

    static let millisecond: Int64 = 1_000_000

    package let settings: PublisherSettings
    package private(set) var actions: [Action] = []
    package var metrics = PublisherMetrics()
    var phase: Phase

    // Publications that wait for space; runs never sent; runs to be sent again; runs to be sent again later.
    var waiting = CircularBuffer<Publication>()
    /// Publications in `waiting` that have ended and were not removed yet.
    var endedWaiting = 0
    var fresh = CircularBuffer<Run>()
    var freshEvents = 0
    var again = CircularBuffer<Run>()
    var isAgainInOrder = true
    var shelf = RetryShelf()
    var deadlines = DeadlineLine()
    package var space: BufferSpace
    var nextPublication: UInt64 = 1
    /// Publications that ended with events in a queue, since the queues were last swept.
    var leftovers = 0
    var turnedAt = Int64.min

    // The connection in use, those that only collect answers, and the time of the next connection attempt.
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
        let most = Int64.max / PublisherCore.millisecond - now / PublisherCore.millisecond
        phase = .starting(
            until: now + settings.startMilliseconds * PublisherCore.millisecond,
            busyUntil: now + min(settings.busyStartMilliseconds, most) * PublisherCore.millisecond)
        space = BufferSpace(eventLimit: settings.bufferedEvents, byteLimit: settings.bufferedBytes)
        backoff = Backoff(
            leastMilliseconds: settings.backoffLeastMilliseconds, mostMilliseconds: settings.backoffMostMilliseconds,
            addresses: settings.servers.count)
        connectAt = now
    }

    /// Records what happened. The next `turn` decides what follows.
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

    /// Does what is due: ends overdue publications, admits, connects, sends. Call it once after a batch of inputs, and
    /// at `nextDue`.
    package mutating func turn(now: Int64) {
        turnedAt = now
        endOverdue(now)
        giveUpLeaving(now)
        admitWaiting()
        connectWhenDue(now)
        bringBackDue(now)
        sendFrames(now)
        finishWhenDone()
        metrics.bufferedEvents = space.events
        metrics.bufferedBytes = space.bytes
        metrics.waitingCalls = waitingCalls
        metrics.isConnected = current?.phase == .open
    }

    /// The actions since the last call, in order.
    package mutating func takeActions() -> [Action] {
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    /// When `turn` must be called even if nothing happens.
    package var nextDue: Int64? {
        guard phase != .finished else { return nil }
        var due = leaving.lazy.map(\.leavesAt).min() ?? .max
        if let connectAt { due = min(due, connectAt) }
        if let shelved = shelf.nextDue { due = min(due, shelved) }
        if let oldest = deadlines.first { due = min(due, deadline(of: oldest)) }
        // If it is over and not sent, the window is full, and the next answer triggers a turn.
        if let lingerEnd, lingerEnd > turnedAt { due = min(due, lingerEnd) }
        if case .closing(let until) = phase { due = min(due, until) }
        return due == .max ? nil : due
    }

    /// Publications and runs in the queues, including those that have ended and were not removed yet.
    package var queued: Int { waiting.count + fresh.count + again.count }

    /// Publications that wait for space in the buffer.
    private var waitingCalls: Int { waiting.count - endedWaiting }

    /// Whether a publication waits for space, so that later ones must wait behind it.
    package var isFull: Bool { waitingCalls > 0 }

    mutating func perform(_ action: Action) { actions.append(action) }

    func deadline(of publication: Publication) -> Int64 {
        publication.submittedAt + settings.patienceMilliseconds * PublisherCore.millisecond
    }
}
