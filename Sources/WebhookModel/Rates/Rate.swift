/// A number of operations per second, and the number allowed at once after a quiet time.
public struct Rate: Sendable, Equatable {
    public var perSecond: Int
    /// The number allowed at once after a quiet time. A burst of less than a hundredth of a second's worth reduces
    /// throughput: clocks here have millisecond steps, and tokens that arrive at a full bucket are lost.
    public var burst: Int

    /// - Parameter burst: nil: one second's worth.
    public init(perSecond: Int, burst: Int? = nil) {
        self.perSecond = perSecond
        self.burst = burst ?? perSecond
    }
}
