/// Which round of its policy's attempts a delivery is in. A redelivery begins a new one; the numbers of its attempts go on, so that no
/// record is ever written over.
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

    /// The place in its round, from 1, of an attempt of this number.
    public func place(of attempt: UInt16) -> Int { Int(attempt) - Int(earlier) }

    /// What triggers an attempt of this number.
    public func trigger(of attempt: UInt16) -> AttemptTrigger { place(of: attempt) == 1 ? trigger : .schedule }
}
