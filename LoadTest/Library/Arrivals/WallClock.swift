import Glibc

/// The clock of every stage: CLOCK_REALTIME, which the receiver stamps with too, so that stages of two processes of
/// one machine compare.
package enum WallClock {
    /// Nanoseconds since 1970.
    package static func now() -> Int64 { read(CLOCK_REALTIME) }

    /// Wall time less monotonic time. It changes only when the wall clock is stepped, which spoils a run.
    package static func offset() -> Int64 { read(CLOCK_REALTIME) - read(CLOCK_MONOTONIC) }

    /// CPU time of the calling thread, nanoseconds.
    package static func threadCPU() -> Int64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// CPU time of the process, nanoseconds.
    package static func processCPU() -> Int64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Int64 {
        // Beside Foundation and NIO the compiler does not know whose timespec's members are, so its two words are
        // read as such.
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: 2) { words in
            words.initialize(repeating: 0)
            words.withMemoryRebound(to: timespec.self) { _ = clock_gettime(clock, $0.baseAddress!) }
            return words[0] * 1_000_000_000 + words[1]
        }
    }
}
