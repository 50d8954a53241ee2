package import IngestClient
package import NIOCore
package import WireProtocol

/// Sends the events of a run at their intended times and keeps the producer's ledger.
///
/// Confined to `eventLoop`, on which its connections live too. Each wake-up enters the events that are due into the
/// ledger, fills one frame per connection in turn, flushes, and sleeps until the next intended time. No Task, no timer
/// and no allocation per event.
package final class Generator: @unchecked Sendable {
    // Unchecked: confined to `eventLoop`.
    private static let patience = TimeAmount.milliseconds(20)

    package let eventLoop: any EventLoop
    private var pace: Pace
    private let batch: Int
    private var duration: Int64
    private let warmup: Int64
    /// Whether events that were answered "later" or cut off by a lost connection are sent again with the same ids.
    /// False in a plain run, where a rejection is a finding.
    private let sendsAgain: Bool
    /// Events that the receiver has accepted so far; used by the closed loop's limit.
    private let deliveredCount: @Sendable () -> Int
    private var template: RecordTemplate

    private var startWall: Int64 = 0
    private var ledger = Ledger()
    private var progress = GeneratorSnapshot()
    /// ACCEPTED answers, the usual case; counted outside the dictionary.
    private var accepted = 0
    private var ack = StageLatencies()
    private var lag = StageLatencies()
    private var connections: [ProducerConnection] = []
    private var turn = 0
    private var nextUnsent = 0
    private var again = CircularBuffer<Range<Int>>()
    private var isBlocked = false
    private var lastRoom: Int64 = 0
    private var wakeUp: Scheduled<Void>?
    private var isWakeQueued = false
    private var isStopped = false
    private var cpuAtStart: Int64 = 0
    private var departures: [Range<Int>] = []

    /// - Parameters:
    ///   - batch: the most events of one frame.
    ///   - duration: nanoseconds of arrivals; those of the first `warmup` are sent and checked, but not measured.
    package init(
        eventLoop: any EventLoop, pace: Pace, workload: Workload, identity: RunIdentity, batch: Int, duration: Int64,
        warmup: Int64 = 0, sendsAgain: Bool = false, deliveredCount: @escaping @Sendable () -> Int = { 0 }
    ) {
        self.eventLoop = eventLoop
        self.pace = pace
        self.batch = batch
        self.duration = duration
        self.warmup = warmup
        self.sendsAgain = sendsAgain
        self.deliveredCount = deliveredCount
        template = RecordTemplate(workload: workload, identity: identity)
    }

    // MARK: Called on the event loop

    /// Begins to send over a connection.
    package func attach(_ connection: ProducerConnection) {
        eventLoop.preconditionInEventLoop()
        connections.append(connection)
        if startWall != 0 { noteRoom() }
    }

    /// Starts the schedule at this wall time (nanoseconds).
    package func start(at wall: Int64) {
        eventLoop.preconditionInEventLoop()
        startWall = wall
        cpuAtStart = WallClock.threadCPU()
        wake()
    }

    /// No new arrivals from now on; answers are still processed.
    package func stop() {
        eventLoop.preconditionInEventLoop()
        isStopped = true
        wakeUp?.cancel()
    }

    /// Everything so far. It shares the histograms, so the next latency copies them: call it at most once a second.
    package var snapshot: GeneratorSnapshot {
        var snapshot = counts
        snapshot.ack = ack
        snapshot.lag = lag
        return snapshot
    }

    /// The same without latencies.
    package var counts: GeneratorSnapshot {
        var snapshot = progress
        snapshot.due = ledger.count
        if accepted > 0 { snapshot.statuses[ProtocolStatus.accepted.rawValue] = accepted }
        snapshot.openConnections = connections.count
        snapshot.isLoadDone = isLoadDone
        snapshot.cpu = WallClock.threadCPU() - cpuAtStart
        return snapshot
    }

    /// The ledger at this moment. Later answers copy only the page that they change.
    package var ledgerCopy: Ledger { ledger }

    /// Latencies of the events with these sequence numbers, from their intended times to the given wall times.
    package func latencies(of arrivals: [(sequence: Int, at: Int64)]) -> StageLatencies {
        var latencies = StageLatencies()
        for arrival in arrivals where arrival.sequence < ledger.count {
            latencies.record(arrival.at - startWall - ledger[arrival.sequence].intended)
        }
        return latencies
    }

    /// No arrivals from now on; events that are due or in doubt are still sent.
    package func endArrivals() {
        eventLoop.preconditionInEventLoop()
        duration = min(duration, WallClock.now() - startWall)
        queueWake()
    }

    /// Closes all connections.
    package func closeConnections() {
        let connections = connections
        for connection in connections { connection.close() }
    }

    /// Events sent and not answered.
    package var unanswered: Int { nextUnsent - progress.answered }

    private var isLoadDone: Bool {
        if isStopped { return true }
        guard WallClock.now() - startWall >= duration, again.isEmpty else { return false }
        guard case .open(let schedule, _) = pace else { return true }
        return schedule.next >= duration && nextUnsent == ledger.count
    }

    // MARK: Sending

    private func wake() {
        isWakeQueued = false
        wakeUp?.cancel()
        guard !isStopped else { return }
        let now = WallClock.now() - startWall
        switch pace {
        case .open(var schedule, let rate):
            while schedule.next <= now, schedule.next < duration {
                ledger.append(intended: schedule.next)
                schedule.advance()
            }
            pace = .open(schedule, rate: rate)
            send(now)
            if schedule.next < duration { sleep(until: max(schedule.next, now + pace.leastPause)) }
        case .closed(let outstanding):
            if now < duration { enter(most: outstanding + deliveredCount() - nextUnsent, now) }
            send(now)
            if now < duration { sleep(until: now + pace.leastPause) }
        }
    }

    // The closed loop's arrivals: as many as there is space for, due now.
    private func enter(most: Int, _ now: Int64) {
        let room = connections.reduce(0) {
            $0 + ($1.isOpen ? min($1.roomEvents, $1.roomBytes / (template.recordBytes + 8)) : 0)
        }
        let waiting = ledger.count - nextUnsent
        guard most > waiting, room > waiting else { return }
        for _ in 0..<min(most, room) - waiting { ledger.append(intended: now) }
    }

    private func sleep(until time: Int64) {
        let pause = max(0, startWall + time - WallClock.now())
        wakeUp = eventLoop.assumeIsolated().scheduleTask(deadline: .now() + .nanoseconds(pause)) { [self] in wake() }
    }

    private func send(_ now: Int64) {
        departures.removeAll(keepingCapacity: true)
        while let range = nextRange {
            guard let connection = connectionWithRoom() else {
                isBlocked = true
                break
            }
            let left = fill(range, on: connection)
            if again.isEmpty { nextUnsent = left } else { replaceFirstAgain(left..<range.upperBound) }
            departures.append(range.lowerBound..<left)
        }
        guard !departures.isEmpty else { return }
        for connection in connections { connection.flush() }
        noteDepartures(at: WallClock.now() - startWall)
    }

    private var nextRange: Range<Int>? {
        if let range = again.first { return range }
        return nextUnsent < ledger.count ? nextUnsent..<ledger.count : nil
    }

    private func replaceFirstAgain(_ range: Range<Int>) {
        if range.isEmpty { again.removeFirst() } else { again[again.startIndex] = range }
    }

    private func connectionWithRoom() -> ProducerConnection? {
        for _ in connections.indices {
            turn = (turn + 1) % connections.count
            let connection = connections[turn]
            let bytes = template.recordBytes + 8
            if connection.isOpen, !connection.isLeaving, connection.roomEvents > 0, connection.roomBytes >= bytes {
                return connection
            }
        }
        return nil
    }

    /// Sends one frame with the first events of the range. Returns the first one that did not fit.
    private func fill(_ range: Range<Int>, on connection: ProducerConnection) -> Int {
        let recordBytes = template.recordBytes + 4
        let room = min(batch, connection.roomEvents, (connection.roomBytes - 4) / recordBytes)
        let wanted = range.lowerBound..<min(range.upperBound, range.lowerBound + room)
        var frame = connection.makeFrame(byteCapacity: wanted.count * recordBytes)
        var next = wanted.lowerBound
        while next < wanted.upperBound {
            let occurredAt = (startWall + ledger[next].intended) / 1_000_000
            guard template.append(next, occurredAt: occurredAt, to: &frame) else { break }
            next += 1
        }
        connection.send(frame, token: UInt64(range.lowerBound))
        return next
    }

    // After the flush the socket has the events. Time spent waiting for the window is the server's delay, not the
    // generator's.
    private func noteDepartures(at now: Int64) {
        for sequence in departures.joined() {
            let intended = ledger[sequence].intended
            let isFirst = ledger[sequence].sent == 0
            guard isFirst else { continue }
            ledger[sequence].sent = max(1, Ledger.compact(now - intended))
            progress.sent += 1
            progress.lastDeparture = now
            progress.lastIntended = intended
            if intended < lastRoom { progress.heldByWindow += 1 }
            if intended >= warmup { lag.record(now - max(intended, lastRoom)) }
        }
    }

    private func noteRoom() {
        if isBlocked {
            isBlocked = false
            lastRoom = WallClock.now() - startWall
        }
        queueWake()
    }

    // One wake-up for all the answers of a read.
    private func queueWake() {
        guard !isWakeQueued else { return }
        isWakeQueued = true
        eventLoop.execute { [self] in wake() }
    }
}

extension Generator: ProducerConnectionOwner {
    package func connection(_ connection: ProducerConnection, acknowledged ack: Ack, token: UInt64, count: Int) {
        let now = WallClock.now() - startWall
        let first = Int(token)
        var repeats = first..<first
        for index in 0..<count {
            let answer = ack[index]
            guard ledger[first + index].status == Ledger.unanswered else { continue }
            if sendsAgain, isRetryable(answer.status) {
                if repeats.upperBound == first + index, !repeats.isEmpty {
                    repeats = repeats.lowerBound..<first + index + 1
                } else {
                    putBack(repeats)
                    repeats = first + index..<first + index + 1
                }
            } else {
                note(answer.status, of: first + index, at: now)
            }
        }
        putBack(repeats)
        progress.lastAnswer = now
        if isBlocked || isClosedLoop { noteRoom() }
    }

    package func connection(_ connection: ProducerConnection, wasAskedToLeave request: GoAway) {
        guard !sendsAgain, connections.allSatisfy(\.isLeaving) else { return }
        progress.failure = "the server is closing (GOAWAY: \(request.reason))"
        stop()
    }

    package func connection(_ connection: ProducerConnection, endedBy error: IngestError) {
        connections.removeAll { $0 === connection }
        if sendsAgain {
            for frame in connection.unanswered {
                progress.sentAgain += frame.events
                again.append(Int(frame.token)..<Int(frame.token) + frame.events)
            }
        } else if error != .finished {
            progress.failure = error.description
            if connections.isEmpty { stop() }
        }
    }

    // After a pause: a server that answers "later" must not be asked again at once.
    private func putBack(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        again.append(range)
        _ = eventLoop.assumeIsolated().scheduleTask(in: Generator.patience) { [self] in queueWake() }
    }

    private var isClosedLoop: Bool {
        if case .closed = pace { true } else { false }
    }

    private func isRetryable(_ status: ProtocolStatus) -> Bool {
        status.statusClass == .sendAgain || status.statusClass == .sendElsewhere
    }

    private func note(_ status: ProtocolStatus, of sequence: Int, at now: Int64) {
        let intended = ledger[sequence].intended
        ledger[sequence].status = status.rawValue
        ledger[sequence].answered = Ledger.compact(now - intended)
        progress.answered += 1
        if status == .accepted { accepted += 1 } else { progress.statuses[status.rawValue, default: 0] += 1 }
        if Ledger.isStored(status.rawValue) {
            progress.stored += 1
            if Ledger.isDeliverable(status.rawValue) { progress.deliverable += 1 }
            if intended >= warmup { ack.record(now - intended) }
        }
    }
}
