import Glibc

/// Nanoseconds of CLOCK_REALTIME since 1970 (clock_gettime(2)): comparable with a producer's on the same machine.
enum WallClock {
    static func now() -> Int64 {
        // A timespec is two words on 64-bit Linux. Its members are not named here: several of our dependencies' C
        // modules contain the struct, and which of them the compiler uses changes with the order of files.
        var words = (seconds: 0, nanoseconds: 0)
        _ = withUnsafeMutablePointer(to: &words) { words in
            words.withMemoryRebound(to: timespec.self, capacity: 1) { clock_gettime(CLOCK_REALTIME, $0) }
        }
        return Int64(words.seconds) * 1_000_000_000 + Int64(words.nanoseconds)
    }
}
