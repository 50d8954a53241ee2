/// Chance that does not depend on order: a hash of the seed and of what it is thrown for.
struct FaultDice {
    let seed: UInt64

    /// Keeps the throws for one attempt apart from each other.
    enum Purpose: UInt64 {
        case failure = 1
        case resetOnAccept = 2
    }

    /// A number in 0..<1, always the same for the same arguments.
    func roll(_ purpose: Purpose, path: UInt64 = 0, id: (UInt64, UInt64) = (0, 0), attempt: UInt64) -> Double {
        var hash = BodyHash.finish(seed &+ purpose.rawValue &* 0x9E37_79B9_7F4A_7C15)
        for word in [path, id.0, id.1, attempt] { hash = BodyHash.finish(hash &* 31 ^ word) }
        return Double(hash >> 11) * 0x1p-53
    }
}
