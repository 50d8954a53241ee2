import MockReceiver

/// What a receiver in trouble does.
package enum Outage: Sendable, Equatable {
    /// Accepts connections, reads requests, never answers: a black hole.
    case silent
    /// Resets the connection once a request is read.
    case reset
    /// Answers with this status.
    case status(Int)
    /// Answers 200 after so many milliseconds: slow, and not dead.
    case late(milliseconds: Int)

    /// `silent`, `reset`, a status from 300 to 599, or `late:MILLISECONDS`. Nil: none of these.
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

    /// Whether what is sent meanwhile stays undelivered.
    package var withholds: Bool {
        if case .late = self { false } else { true }
    }

    // No attempt waits for a day: the sender gives up first.
    var behaviour: Behaviour {
        switch self {
        case .silent: Behaviour(delay: .fixed(Behaviour.mostDelay))
        case .reset: Behaviour(reply: .reset)
        case .status(let status): Behaviour(reply: .answer(Answer(status: status)))
        case .late(let milliseconds): Behaviour(delay: .fixed(milliseconds))
        }
    }
}
