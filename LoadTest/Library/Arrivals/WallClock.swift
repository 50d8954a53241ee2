import Glibc

/// The clock of every stage: CLOCK_REALTIME. The receiver uses it too, so stages of two processes on one machine can be
/// compared.
package enum WallClock {
    /// Nanoseconds since 1970.
    package static func now() -> Int64 { read(CLOCK_REALTIME) }

    /// Wall time minus monotonic time. It changes only when the wall clock is stepped, which makes a run invalid.
    package static func offset() -> Int64 { read(CLOCK_REALTIME) - read(CLOCK_MONOTONIC) }

    /// CPU time of the calling thread, nanoseconds.
    package static func threadCPU() -> Int64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// CPU time of the process, nanoseconds.
    package static func processCPU() -> Int64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Int64 {
        // With Foundation and NIO imported, the compiler cannot decide whose timespec members are meant, so its two
        // words are read as raw memory.
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: 2) { words in
            words.initialize(repeating: 0)
            words.withMemoryRebound(to: timespec.self) { _ = clock_gettime(clock, $0.baseAddress!) }
            return words[0] * 1_000_000_000 + words[1]
        }
    }
}
