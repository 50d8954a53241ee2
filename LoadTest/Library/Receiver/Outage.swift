import MockReceiver

/// How a receiver fails.
package enum Outage: Sendable, Equatable {
    /// Accepts connections, reads requests, never answers: a black hole.
    case silent
    /// Resets the connection after a request was read.
    case reset
    /// Answers with this status.
    case status(Int)
    /// Answers 200 after this number of milliseconds: slow, but not dead.
    case late(milliseconds: Int)

    /// `silent`, `reset`, a status from 300 to 599, or `late:MILLISECONDS`. nil: none of these.
    package init?(_ text: String) {
        switch text {
        case "silent": self = .silent
        case "reset": self = .reset
        case _ where text.hasPrefix("late:"):
            guard let milliseconds = Int(text.dropFirst(5)), (1...Behaviour.mostDelay).contains(milliseconds) else {
                return nil
            }
            self = .late(milliseconds: milliseconds)
        default:
            guard let status = Int(text), (300...599).contains(status) else { return nil }
            self = .status(status)
        }
    }

    /// Whether events sent during the outage stay undelivered.
    package var withholds: Bool {
        if case .late = self { false } else { true }
    }

    // A day: longer than any sender waits for an answer.
    var behaviour: Behaviour {
        switch self {
        case .silent: Behaviour(delay: .fixed(Behaviour.mostDelay))
        case .reset: Behaviour(reply: .reset)
        case .status(let status): Behaviour(reply: .answer(Answer(status: status)))
        case .late(let milliseconds): Behaviour(delay: .fixed(milliseconds))
        }
    }
}
