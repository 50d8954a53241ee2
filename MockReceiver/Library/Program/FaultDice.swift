import Glibc

/// Random numbers that do not depend on order: a hash of the seed and of what they are used for.
struct FaultDice {
    let seed: UInt64

    /// Keeps the random numbers of one attempt independent: neighbouring rules must not select the same requests.
    enum Purpose {
        case failure(rule: Int)
        case share(rule: Int)
        case delay(rule: Int)
        case connection(rule: Int)

        fileprivate var number: UInt64 {
            switch self {
            case .failure(let rule): UInt64(rule) << 2
            case .share(let rule): UInt64(rule) << 2 | 1
            case .delay(let rule): UInt64(rule) << 2 | 2
            case .connection(let rule): UInt64(rule) << 2 | 3
            }
        }
    }

    /// What a random number is used for.
    struct Subject {
        /// `BodyHash` of the path's bytes.
        var path: UInt64 = 0
        var id: (UInt64, UInt64) = (0, 0)
        /// From 1; for a connection its number.
        var attempt: Int
    }

    /// A number in 0..<1, always the same for the same arguments.
    func roll(_ purpose: Purpose, _ subject: Subject) -> Double { FaultDice.unit(hash(purpose, subject)) }

    /// Milliseconds of a delay.
    func draw(_ delay: Delay, rule: Int, _ subject: Subject) -> Int {
        switch delay {
        case .fixed(let milliseconds): return milliseconds
        case .uniform(let range):
            let drawn = Double(range.count) * roll(.delay(rule: rule), subject)
            return min(range.upperBound, range.lowerBound + Int(drawn))
        case .lognormal(let median, let sigma, let most):
            let first = hash(.delay(rule: rule), subject)
            // Two uniform numbers give one of a normal distribution (Box and Muller). 1 - x is never 0.
            let radius = sqrt(-2 * log(1 - FaultDice.unit(first)))
            let normal = radius * cos(2 * Double.pi * FaultDice.unit(BodyHash.finish(first &+ 1)))
            return Int(min(Double(most), Double(median) * exp(sigma * normal)))
        }
    }

    private func hash(_ purpose: Purpose, _ subject: Subject) -> UInt64 {
        var hash = BodyHash.finish(seed &+ (purpose.number &+ 1) &* 0x9E37_79B9_7F4A_7C15)
        hash = BodyHash.finish(hash &* 31 ^ subject.path)
        hash = BodyHash.finish(hash &* 31 ^ subject.id.0)
        hash = BodyHash.finish(hash &* 31 ^ subject.id.1)
        return BodyHash.finish(hash &* 31 ^ UInt64(bitPattern: Int64(subject.attempt)))
    }

    private static func unit(_ hash: UInt64) -> Double { Double(hash >> 11) * 0x1p-53 }
}
