/// In which order an endpoint gets its events.
public enum DeliveryOrder: Sendable, Equatable {
    /// As they come: attempts overlap, a failed one is overtaken.
    case none
    /// Events with the same ordering key one after another, in commit order: the next is sent after the one before is delivered. Keys
    /// do not wait for each other; events without a key are in no order.
    case byKey(onDeadLetter: OnDeadLetter)

    /// What a dead letter does to the events with its key that stand behind it.
    public enum OnDeadLetter: String, Sendable, CaseIterable {
        /// The next goes on.
        case skip
        /// They wait until the dead letter is delivered again, or its key is released.
        case hold
    }

    public var isByKey: Bool { self != .none }
    public var holds: Bool { self == .byKey(onDeadLetter: .hold) }
}
