import NIOConcurrencyHelpers
import WireProtocol

/// What callers' threads and the publisher's event loop share: publications in, free space and metrics out. One lock,
/// taken once per call and once per turn of the loop.
final class Intake: Sendable {
    private struct State {
        var inbox: [Publication] = []
        /// The publications in `inbox` that no space was taken for.
        var unadmitted = 0
        /// What the core held at its last turn, plus what was admitted since.
        var space: BufferSpace
        /// A publication waits for space, so later ones must wait behind it.
        var isBlocked = false
        var isTurnQueued = false
        var isClosed = false
        var metrics = PublisherMetrics()
        var welcome: Welcome?
    }

    private let state: NIOLockedValueBox<State>

    init(space: BufferSpace) { state = NIOLockedValueBox(State(space: space)) }

    enum Offer {
        /// Admitted, or waiting for space.
        case taken(isAdmitted: Bool, needsTurn: Bool)
        case closed
    }

    /// Takes a publication. `needsTurn`: the caller must wake the loop.
    func offer(_ publication: Publication) -> Offer {
        state.withLockedValue { state in
            guard !state.isClosed else { return .closed }
            publication.isAdmitted = !state.isBlocked && state.space.fits(publication)
            if publication.isAdmitted {
                state.space.take(publication)
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

    /// Updates the free space and the metrics after a turn.
    func show(_ space: BufferSpace, isBlocked: Bool, metrics: PublisherMetrics) {
        state.withLockedValue { state in
            state.space = space
            for publication in state.inbox where publication.isAdmitted { state.space.take(publication) }
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
