import NIOCore
package import Threading
import WireProtocol

// How a session ends. The only file that changes `ending`.
extension IngestSession {
    /// Ends a connection that cannot go on. What was taken is answered first.
    mutating func fail(_ status: ProtocolStatus, _ text: String, now: Instant) {
        tally.protocolErrors += 1
        notices.append(.closed(status, text))
        finish(Close(status, text: text), now: now)
    }

    /// Takes no more frames. The CLOSE follows the last answer; nil: the connection ends without one.
    mutating func finish(_ close: Close?, now: Instant) {
        phase = .finishing(close)
        deadline = now.monotonic + .milliseconds(rules.configuration.answerMilliseconds)
        closeIfAnswered(now: now)
    }

    /// Closes a finishing session once everything is answered.
    mutating func closeIfAnswered(now: Instant) {
        guard case .finishing(let close) = phase, window.isEmpty else { return }
        endOutput(close, now: now)
    }

    /// Writes the CLOSE, the last thing that the peer gets.
    mutating func endOutput(_ close: Close?, now: Instant) {
        close?.write(to: &output)
        phase = .lingering
        deadline = now.monotonic + .milliseconds(rules.configuration.outputStallMilliseconds)
        ending = .halfClose
    }

    /// The channel has sent everything, the CLOSE included. From now on the session waits for the peer to end its direction.
    package mutating func outputIsSent(now: Instant) {
        guard phase == .lingering else { return }
        deadline = now.monotonic + .milliseconds(rules.configuration.lingerMilliseconds)
    }

    /// The peer has ended its direction. What it sent is still answered.
    package mutating func inputEnded(now: Instant) {
        // The last answers may still be on their way out: `lingering` bounds the wait.
        if phase == .lingering { ending = .close }
        if phase.takesInput { finish(nil, now: now) }
    }

    mutating func abort() {
        phase = .ended
        ending = .abort
    }

    /// Over a connection limit: says so and closes, whatever the peer sends.
    package mutating func refuseAdmission(now: Instant) {
        tally.connectionsRefused += 1
        tally.protocolErrors += 1
        output.writeBytes(Preface.bytes)
        endOutput(Close(.tooManyConnections, text: "over the connection limit"), now: now)
        ending = .close
    }
}
