import Store
import WebhookModel

/// One walk over the due index: what it chose, what must wait, and where it stopped. Pure.
struct DueWalk {
    /// The room that the walk began with.
    struct Room {
        /// Deliveries that each sender may still take.
        var senders: [Int]
        /// Senders that are full and report nothing: others do not wait for them.
        var stalled: [Bool]
        /// Entries that the lots may still take.
        var lots: Int
    }

    enum Choice {
        case taken
        case orphan
        case pause
    }

    private var room: Room
    private var chosenFor: [UInt32: Int] = [:]
    private(set) var chosen: [PendingEntry] = []
    private(set) var toWait: [PendingEntry] = []
    private(set) var paused = false
    private(set) var nextDue = Int64.max
    var visited = 0
    var place: PendingEntry?

    init(ledger room: Room) { self.room = room }

    /// The walk came to what is not due yet: it is complete.
    mutating func end(at time: Int64) -> Bool {
        nextDue = time
        return false
    }

    /// The walk stops with more to see.
    mutating func pause() -> Bool {
        paused = true
        return false
    }

    /// Decides about an entry that is due and not known.
    ///
    /// - Parameter endpointRoom: how many its endpoint may have now.
    mutating func choose(_ entry: PendingEntry, _ account: EndpointAccount?, endpointRoom: Int) -> Choice {
        guard let account else { return .orphan }
        let number = entry.delivery.endpoint.value
        let isFull = account.hasBacklog || endpointRoom <= chosenFor[number, default: 0]
        if isFull || (room.senders[account.sender] == 0 && room.stalled[account.sender]) {
            guard room.lots > 0 else { return .pause }
            room.lots -= 1
            toWait.append(entry)
            return .taken
        }
        guard room.senders[account.sender] > 0 else { return .pause }
        room.senders[account.sender] -= 1
        chosenFor[number, default: 0] += 1
        chosen.append(entry)
        return .taken
    }
}
