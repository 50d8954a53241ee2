import NIOConcurrencyHelpers
import WebhookModel

/// A double of the queue: answers at once, keeps what it gets, or is full.
final class QueueDouble: Sendable {
    enum Mood { case answers, keeps, isFull }

    private struct State {
        var mood: Mood
        var kept: [EventBatch] = []
        var wakers: [@Sendable () -> Void] = []
        var offers = 0
        var events: [EventID] = []
    }
    private let state: NIOLockedValueBox<State>

    init(_ mood: Mood) { state = NIOLockedValueBox(State(mood: mood)) }

    var offers: Int { state.withLockedValue { $0.offers } }
    /// The ids of all events taken, in order.
    var events: [EventID] { state.withLockedValue { $0.events } }

    var port: IntakePort {
        IntakePort { [self] batch, onRoom in
            let mood = state.withLockedValue { state in
                state.offers += 1
                if state.mood == .isFull {
                    state.wakers.append(onRoom)
                } else {
                    state.events += batch.drafts.map(\.record.id)
                    if state.mood == .keeps { state.kept.append(batch) }
                }
                return state.mood
            }
            if mood == .answers { QueueDouble.commit([batch]) }
            return mood != .isFull
        }
    }

    /// Changes the behaviour. When there is room, refused offers are called back. When it answers, kept batches are committed.
    func become(_ mood: Mood) {
        let (kept, wakers) = state.withLockedValue { state in
            state.mood = mood
            defer {
                if mood == .answers { state.kept = [] }
                if mood != .isFull { state.wakers = [] }
            }
            return (mood == .answers ? state.kept : [], mood == .isFull ? [] : state.wakers)
        }
        QueueDouble.commit(kept)
        for wake in wakers { wake() }
    }

    private static func commit(_ batches: [EventBatch]) {
        for batch in batches {
            batch.commit = 1
            batch.settle(.accepted, retryAfter: 0)
            batch.receipts.deliver([batch])
        }
    }
}
