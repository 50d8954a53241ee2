/// Which run of its retry policy a delivery is in. A redelivery begins a new round. Attempt numbers continue over
/// rounds, so that no attempt record is overwritten.
public struct DeliveryRound: Sendable, Hashable {
    /// Attempts made in earlier rounds.
    public var earlier: UInt16
    /// What began the round: the schedule for the first one.
    public var trigger: AttemptTrigger

    public static let first = DeliveryRound(earlier: 0, trigger: .schedule)

    public init(earlier: UInt16, trigger: AttemptTrigger) {
        self.earlier = earlier
        self.trigger = trigger
    }

    /// The position of this attempt number in its round, from 1.
    public func place(of attempt: UInt16) -> Int { Int(attempt) - Int(earlier) }

    /// What triggers an attempt of this number.
    public func trigger(of attempt: UInt16) -> AttemptTrigger { place(of: attempt) == 1 ? trigger : .schedule }
}
