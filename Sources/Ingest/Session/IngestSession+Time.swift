import WireProtocol

// What time does to a session: deadlines, pauses, draining. Looked at by the loop's sweep, never by a timer of its own.
extension IngestSession {
    /// Holds every deadline against the time.
    package mutating func sweep(now: Moment) {
        let time = now.monotonic
        if let blockedSince, time - blockedSince >= .milliseconds(rules.configuration.outputStallMilliseconds) {
            notices.append(.outputStalled)
            tally.protocolErrors += 1
            return abort()
        }
        switch phase {
        case .preface where time >= deadline: abort()
        case .hello where time >= deadline: fail(.timeout, "no HELLO in time", now: now)
        case .refusing(let close) where time >= deadline:
            tally.protocolErrors += 1
            finish(close, now: now)
        case .open: sweepOpen(now: now)
        case .finishing where time >= deadline, .lingering where time >= deadline: abort()
        case .preface, .hello, .refusing, .finishing, .lingering, .ended: break
        }
    }

    private mutating func sweepOpen(now: Moment) {
        let time = now.monotonic
        let isQuiet = window.isEmpty && tail.isEmpty
        if let drain {
            let quietSince = max(lastHeard, drain.begun)
            let hasStopped = isQuiet && time - quietSince >= .milliseconds(rules.configuration.drainQuietMilliseconds)
            if hasStopped || time >= drain.deadline {
                return finish(Close(.draining, text: "the server is shutting down"), now: now)
            }
        }
        // Nobody is late while we are the ones who do not read, or who owe an answer.
        guard !isHeld, blockedSince == nil else { return }
        if !tail.isEmpty, time >= tailDeadline {
            fail(.timeout, "a frame came too slowly", now: now)
        } else if isQuiet, time - lastHeard >= .milliseconds(rules.configuration.idleMilliseconds) {
            fail(.timeout, "silent for longer than the announced idle timeout", now: now)
        } else if isQuiet {
            tail.shrink()
        }
    }

    /// When the frame that has begun must be whole.
    private var tailDeadline: Int64 {
        let configuration = rules.configuration
        // An error in the header was found when it became complete.
        guard let length = try? tail.frameLength(decoder) else {
            return tail.since + .milliseconds(configuration.headerMilliseconds)
        }
        let allowed = Int64(length) * 1_000 / Int64(max(1, configuration.bodyBytesPerSecond))
        return tail.since + .milliseconds(configuration.bodyGraceMilliseconds + allowed)
    }

    // MARK: Pauses

    /// The queue is full: the shell keeps the batch and asks again when there is room.
    package mutating func hold() {
        isHeld = true
        tally.backPressure += 1
    }

    /// The batch was taken.
    package mutating func release(now: Moment) {
        isHeld = false
        resumeClocks(now: now)
    }

    /// The peer leaves more than the limit of answers unread, or has read them again.
    package mutating func outputIsBlocked(_ isBlocked: Bool, now: Moment) {
        guard isBlocked != (blockedSince != nil) else { return }
        blockedSince = isBlocked ? now.monotonic : nil
        if !isBlocked { resumeClocks(now: now) }
    }

    /// A pause of ours is not the peer's delay.
    private mutating func resumeClocks(now: Moment) {
        tail.since = now.monotonic
        lastHeard = now.monotonic
    }

    // MARK: Draining

    /// Says GOAWAY: from now on every PUBLISH is answered DRAINING, and the connection ends when everything is
    /// answered and the producer has stopped, or after the grace.
    package mutating func beginDraining(graceMilliseconds: Int64, now: Moment) {
        guard drain == nil, phase.takesInput else { return }
        drain = Drain(begun: now.monotonic, deadline: now.monotonic + .milliseconds(graceMilliseconds))
        switch phase {
        case .open:
            let spread = rules.configuration.reconnectSpreadMilliseconds
            let goAway = GoAway(
                graceMilliseconds: UInt32(clamping: graceMilliseconds), spreadMilliseconds: UInt32(clamping: spread),
                reason: "the server is shutting down")
            goAway.write(to: &output)
        case .hello: finish(Close(.draining, text: "the server is shutting down"), now: now)
        default: abort()
        }
    }
}
