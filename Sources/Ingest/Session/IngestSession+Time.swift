package import Threading
import WireProtocol

// Deadlines, pauses and draining. The loop's sweep checks them; a session has no timer of its own.
extension IngestSession {
    /// Checks every deadline.
    package mutating func sweep(now: Instant) {
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

    private mutating func sweepOpen(now: Instant) {
        let time = now.monotonic
        let isQuiet = window.isEmpty && tail.isEmpty
        if let drain {
            let quietSince = max(lastHeard, drain.begun)
            let hasStopped = isQuiet && time - quietSince >= .milliseconds(rules.configuration.drainQuietMilliseconds)
            if hasStopped || time >= drain.deadline {
                return finish(Close(.draining, text: "the server is shutting down"), now: now)
            }
        }
        // The peer is not late while we do not read, or owe it an answer.
        guard !isHeld, blockedSince == nil else { return }
        if !tail.isEmpty, time >= tailDeadline {
            fail(.timeout, "a frame came too slowly", now: now)
        } else if isQuiet, time - lastHeard >= .milliseconds(rules.configuration.idleMilliseconds) {
            fail(.timeout, "silent for longer than the announced idle timeout", now: now)
        } else if isQuiet {
            tail.shrink()
        }
    }

    /// When the frame that has begun must be complete.
    private var tailDeadline: Int64 {
        let configuration = rules.configuration
        // An error in the header was reported when the header became complete.
        guard let length = try? tail.frameLength(decoder) else {
            return tail.since + .milliseconds(configuration.headerMilliseconds)
        }
        let allowed = Int64(length) * 1_000 / Int64(max(1, configuration.bodyBytesPerSecond))
        return tail.since + .milliseconds(configuration.bodyGraceMilliseconds + allowed)
    }

    // MARK: Pauses

    /// The queue is full: the shell keeps the batch and offers it again when there is room.
    package mutating func hold() {
        isHeld = true
        tally.backPressure += 1
    }

    /// The batch was taken.
    package mutating func release(now: Instant) {
        isHeld = false
        resumeClocks(now: now)
    }

    /// The peer has left more answers unread than the limit, or has read them again.
    package mutating func outputIsBlocked(_ isBlocked: Bool, now: Instant) {
        guard isBlocked != (blockedSince != nil) else { return }
        blockedSince = isBlocked ? now.monotonic : nil
        if !isBlocked { resumeClocks(now: now) }
    }

    /// Our own pause does not count as the peer's delay.
    private mutating func resumeClocks(now: Instant) {
        tail.since = now.monotonic
        lastHeard = now.monotonic
    }

    // MARK: Draining

    /// Sends GOAWAY. From now on every PUBLISH is answered DRAINING. The connection ends when everything is answered and the
    /// producer has stopped, or after the grace.
    package mutating func beginDraining(graceMilliseconds: Int64, now: Instant) {
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

extension Int64 {
    /// Milliseconds as nanoseconds, the unit of deadlines.
    static func milliseconds(_ count: Int64) -> Int64 { count * 1_000_000 }
}
