import CCurl
import Scheduling
import Threading
import WebhookModel

/// HTTP attempts as whole transfers of libcurl: for endpoints that chose HTTP/2.
///
/// One thread owns it. In each turn it sets `now`, hands the poller's events to `ready`, and calls `run`.
final class CurlTransport: DeliveryTransport {
    private let multi: CurlMulti
    /// Every handle, so that libcurl's pointers to them hold.
    private var handles: [CurlHandle] = []
    private var idle: [CurlHandle] = []
    private var ended: [AttemptEnd] = []

    /// - Parameter now: monotonic nanoseconds.
    init(_ configuration: SenderConfiguration, poller: Poller, now: Int64) {
        // By default libcurl keeps four connections per handle in use, so a quiet second would close them all.
        multi = CurlMulti(
            configuration, poller: poller, mark: 0, keptConnections: configuration.keptConnections, now: now)
    }

    /// The turn's time, monotonic nanoseconds: set by the owner at its beginning.
    var now: Int64 {
        get { multi.now }
        set { multi.now = newValue }
    }

    /// When there is something to do without an event.
    var deadline: Int64? { multi.deadline }

    /// Breaks off what is in flight, without reports, and closes every connection. Nothing may be called afterwards.
    func close() {
        for handle in handles where handle.order != nil { multi.remove(handle.easy) }
        // Before the handles are released: closing the pool calls the close-socket callback.
        multi.close()
        handles = []
        idle = []
    }

    func begin(_ order: AttemptOrder) {
        let handle = idle.popLast() ?? makeHandle()
        handle.prepare(order)
        multi.add(handle.easy)
    }

    func collect(into ended: inout [AttemptEnd]) { swap(&self.ended, &ended) }

    /// Hands an event of the poller to libcurl.
    func ready(_ token: UInt64, _ readiness: Poller.Readiness) { multi.ready(token, readiness) }

    /// Starts what was begun, serves libcurl's timer and gathers what ended.
    func run() {
        // Twice: an attempt that begins again on a fresh connection starts in the same turn.
        for _ in 0..<2 {
            multi.serveTimer()
            gather()
        }
    }

    private func makeHandle() -> CurlHandle {
        let handle = CurlHandle(multi)
        handles.append(handle)
        return handle
    }

    private func gather() {
        while let (owner, code) = multi.nextEnded() {
            let handle = CurlHandle.at(owner)
            multi.remove(handle.easy)
            if handle.mayBeginAgain {
                handle.prepareAgain()
                multi.add(handle.easy)
            } else if let end = handle.end(code) {
                ended.append(end)
                idle.append(handle)
            }
        }
    }
}
