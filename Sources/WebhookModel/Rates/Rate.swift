/// So many a second, and so many at once after a quiet time.
public struct Rate: Sendable, Equatable {
    public var perSecond: Int
    /// At once after a quiet time. A burst of less than a hundredth of a second's worth costs throughput: clocks here go by the
    /// millisecond, and what comes into a full bucket is lost.
    public var burst: Int

    /// - Parameter burst: nil: one second's worth.
    public init(perSecond: Int, burst: Int? = nil) {
        self.perSecond = perSecond
        self.burst = burst ?? perSecond
    }
}
