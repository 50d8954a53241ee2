/// How long to wait before the next attempt to connect: a random part of a limit that doubles with every round over the
/// addresses ("full jitter"), so that clients of one failed server do not all return at once.
struct Backoff {
    private static let millisecond: Int64 = 1_000_000

    let least: Int64
    let most: Int64
    let addresses: Int
    /// Consecutive failed attempts, including connections that were lost.
    private(set) var failures = 0

    init(leastMilliseconds: Int64, mostMilliseconds: Int64, addresses: Int) {
        least = leastMilliseconds * Backoff.millisecond
        most = mostMilliseconds * Backoff.millisecond
        self.addresses = addresses
    }

    /// Nanoseconds to wait after one more failure.
    mutating func next(random: inout some RandomNumberGenerator) -> Int64 {
        let rounds = min(failures / addresses, 30)
        failures += 1
        return Int64.random(in: 0...min(most, least << Int64(rounds)), using: &random)
    }

    mutating func reset() { failures = 0 }
}
