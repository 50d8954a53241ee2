/// The identity of a batch: 16 random bytes, chosen when its members are fixed and the same at every attempt.
///
/// `bat_` and 32 lower-case hex digits in `webhook-id`, by which a receiver recognises a batch that it has already
/// received.
public struct BatchID: Hashable, Sendable {
    /// The first and the last eight bytes, read as big-endian numbers.
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(using random: inout some RandomNumberGenerator) {
        self.init(high: random.next(), low: random.next())
    }
}
