/// The states of a delivery, as the store keeps them. DeliveryLifecycle.md describes the transitions.
///
/// Raw values are stored, so a value is never used again with another meaning. 2 meant "in flight" in an early draft and
/// was never stored: a delivery that is being attempted is `scheduled` on disk.
public enum DeliveryState: UInt8, Sendable, CaseIterable {
    case scheduled = 1
    case delivered = 3
    case deadLettered = 4
    case cancelled = 5

    /// Whether no further attempt is scheduled. Only a redelivery leaves a final state.
    public var isFinal: Bool { self != .scheduled }
}
