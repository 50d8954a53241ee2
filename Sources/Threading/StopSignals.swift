internal import CLinux
import Glibc

/// SIGTERM and SIGINT: they ask a process to stop.
public enum StopSignals {
    /// From now on the first of the two calls `body`, on a thread of its own. A second one ends the process at once: both
    /// have their default action again before the first one's handler returns (sigaction(2)), so none is missed. Once in a
    /// process.
    ///
    /// libdispatch's signal sources cannot do this: a source sets its own action again after an event, so a default action
    /// that was set meanwhile is lost.
    public static func onFirst(_ body: @escaping @Sendable () -> Void) {
        // It is never closed: the process ends soon after.
        let event = clinux_catch_stop()
        precondition(event >= 0, "eventfd: errno \(errno)")
        _ = WorkerThread(name: "signals") {
            var count: UInt64 = 0
            while read(event, &count, 8) != 8 { clinux_wait_readable(event, -1) }
            body()
        }
    }
}
