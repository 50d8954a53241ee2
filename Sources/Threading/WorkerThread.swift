internal import CLinux
import Glibc

/// A named pthread that runs one closure to its end.
public final class WorkerThread: @unchecked Sendable {
    // Unchecked: `handle` is written before the initialiser returns and read by the one `join`.
    private var handle: pthread_t = 0
    private let joined = Locked(false)

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts at once. `name` shows in `top -H` (15 bytes).
    public convenience init(name: String, _ body: @escaping @Sendable () -> Void) {
        self.init(ifPossible: name, body)!
    }

    /// The same; nil where the machine has no thread to give (pthread_create(3): EAGAIN, for a limit or for memory).
    public init?(ifPossible name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let code = pthread_create(
            &handle, nil,
            { raw in
                let start = Unmanaged<Start>.fromOpaque(raw!).takeRetainedValue()
                clinux_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            // Nothing to detach.
            handle = 0
            return nil
        }
    }

    // Otherwise the system keeps the stack of a thread that ended until the process ends (pthread_detach(3)).
    deinit {
        if handle != 0, !joined.withLock({ $0 }) { pthread_detach(handle) }
    }

    /// The calling thread does nothing for so long, about (nanosleep(2)); a signal may end it early. Only where nobody could have news
    /// that matter: else wait for a `Bell`.
    public static func pause(nanoseconds: Int64) {
        guard nanoseconds > 0 else { return }
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        nanosleep(&time, nil)
    }

    /// Waits for the end. Blocks its caller; a second call returns at once.
    public func join() {
        let first = joined.withLock { joined in
            defer { joined = true }
            return !joined
        }
        if first { pthread_join(handle, nil) }
    }
}
