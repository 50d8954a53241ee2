/// In which order an endpoint gets its events.
public enum DeliveryOrder: Sendable, Equatable {
    /// No order: attempts overlap, and a failed delivery is overtaken by later ones.
    case none
    /// Events with the same ordering key are delivered one after another, in commit order. The next is sent after the
    /// one before is delivered. Keys do not wait for each other. Events without a key have no order.
    case byKey(onDeadLetter: OnDeadLetter)

    /// What happens to the later events of a key when a delivery of that key becomes a dead letter.
    public enum OnDeadLetter: String, Sendable, CaseIterable {
        /// The next event is delivered.
        case skip
        /// They wait until the dead letter is redelivered, or until the key is released.
        case hold
    }

    public var isByKey: Bool {
        switch self {
        case .none: false
        case .byKey: true
        }
    }

    public var holds: Bool { self == .byKey(onDeadLetter: .hold) }
}
