import NIOConcurrencyHelpers
import WireProtocol

/// What callers' threads and the publisher's event loop share: publications in, free space and metrics out. One lock,
/// taken once per call and once per turn of the loop.
final class Intake: Sendable {
    private struct State {
        var inbox: [Publication] = []
        /// The publications in `inbox` that no space was taken for.
        var unadmitted = 0
        /// What the core held when it last looked, and what was let in since.
        var room: Room
        /// Somebody waits for room: who comes now waits behind.
        var isBlocked = false
        var isTurnQueued = false
        var isClosed = false
        var metrics = PublisherMetrics()
        var welcome: Welcome?
    }

    private let state: NIOLockedValueBox<State>

    init(room: Room) { state = NIOLockedValueBox(State(room: room)) }

    enum Offer {
        /// Admitted, or waiting for space.
        case taken(isAdmitted: Bool, needsTurn: Bool)
        case closed
    }

    /// Takes a publication. `needsTurn`: the caller must wake the loop.
    func offer(_ publication: Publication) -> Offer {
        state.withLockedValue { state in
            guard !state.isClosed else { return .closed }
            publication.isAdmitted = !state.isBlocked && state.room.fits(publication)
            if publication.isAdmitted {
                state.room.take(publication)
            } else {
                state.unadmitted += 1
                state.isBlocked = true
            }
            state.inbox.append(publication)
            defer { state.isTurnQueued = true }
            return .taken(isAdmitted: publication.isAdmitted, needsTurn: !state.isTurnQueued)
        }
    }

    /// Whether the loop must be woken for a turn that was not requested yet.
    func queueTurn() -> Bool {
        state.withLockedValue { state in
            defer { state.isTurnQueued = true }
            return !state.isTurnQueued
        }
    }

    /// Swaps the arrivals into an empty array.
    func drain(into arrivals: inout [Publication]) {
        state.withLockedValue { state in
            swap(&state.inbox, &arrivals)
            state.unadmitted = 0
            state.isTurnQueued = false
        }
    }

    /// Tells callers how much room there is after a turn, and what the figures are.
    func show(_ room: Room, isBlocked: Bool, metrics: PublisherMetrics) {
        state.withLockedValue { state in
            state.room = room
            for publication in state.inbox where publication.isAdmitted { state.room.take(publication) }
            state.isBlocked = isBlocked || state.unadmitted > 0
            state.metrics = metrics
        }
    }

    /// Accepts nothing more.
    func close() { state.withLockedValue { $0.isClosed = true } }

    var metrics: PublisherMetrics { state.withLockedValue { $0.metrics } }

    var welcome: Welcome? {
        get { state.withLockedValue { $0.welcome } }
        set { state.withLockedValue { $0.welcome = newValue } }
    }
}
