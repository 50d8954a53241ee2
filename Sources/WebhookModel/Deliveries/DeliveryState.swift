/// The states of a delivery, as the store keeps them. DeliveryLifecycle.md describes the transitions.
///
/// Raw values are stored, so a value is never used again with another meaning. 2 meant "in flight" in an early draft and
/// was never stored: a delivery that is being attempted is `scheduled` on disk.
public enum DeliveryState: UInt8, Sendable, CaseIterable {
    case scheduled = 1
    case inFlight = 2
    case delivered = 3
    case deadLettered = 4
    case cancelled = 5

    /// What may happen to a delivery.
    public enum Change: Sendable, CaseIterable {
        case start, succeed, failForNow, giveUp, cancel, replay
    }

    public var isFinal: Bool {
        switch self {
        case .delivered, .deadLettered, .cancelled: true
        case .scheduled, .inFlight: false
        }
    }

    /// The state after the change; nil where the change is not lawful in this state.
    public func after(_ change: Change) -> DeliveryState? {
        switch (self, change) {
        case (.scheduled, .start): .inFlight
        case (.inFlight, .succeed): .delivered
        case (.inFlight, .failForNow): .scheduled
        case (.inFlight, .giveUp): .deadLettered
        case (.scheduled, .cancel), (.inFlight, .cancel): .cancelled
        case (.delivered, .replay), (.deadLettered, .replay), (.cancelled, .replay): .scheduled
        case (.scheduled, .succeed), (.scheduled, .failForNow), (.scheduled, .giveUp), (.scheduled, .replay),
            (.inFlight, .start), (.inFlight, .replay),
            (.delivered, .start), (.delivered, .succeed), (.delivered, .failForNow), (.delivered, .giveUp),
            (.delivered, .cancel),
            (.deadLettered, .start), (.deadLettered, .succeed), (.deadLettered, .failForNow),
            (.deadLettered, .giveUp), (.deadLettered, .cancel),
            (.cancelled, .start), (.cancelled, .succeed), (.cancelled, .failForNow), (.cancelled, .giveUp),
            (.cancelled, .cancel):
            nil
        }
    }
}
