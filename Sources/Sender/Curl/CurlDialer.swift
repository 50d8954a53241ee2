import CCurl
import Threading
import WebhookModel

/// Opens connections with libcurl: addresses, TCP, TLS with its checks. It never reads or writes on them.
///
/// One thread owns it. The handle of a connection with TLS stays in the multi handle for as long as the connection
/// lives, because curl_easy_send(3) needs it there.
final class CurlDialer {
    private let multi: CurlMulti
    /// Every handle, so that libcurl's pointers to them hold.
    private var dials: [CurlDial] = []
    private var idle: [CurlDial] = []
    private var sessions = TLSSessionStore()

    /// - Parameter now: monotonic nanoseconds.
    init(_ configuration: SenderConfiguration, poller: Poller, now: Int64) {
        // The pool is ours (`ConnectionPool`): libcurl must not close a connection that it holds for us.
        multi = CurlMulti(
            configuration, poller: poller, mark: TokenMark.dial, keptConnections: Int(CInt.max), now: now)
    }

    /// The turn's time, monotonic nanoseconds.
    var now: Int64 {
        get { multi.now }
        set { multi.now = newValue }
    }

    /// When there is something to do without an event.
    var deadline: Int64? { multi.deadline }

    /// Closes everything. Nothing may be called afterwards.
    func close() {
        for dial in dials where dial.slot >= 0 { multi.remove(dial.easy) }
        multi.close()
        dials = []
        idle = []
    }

    /// Begins to connect; `run` reports the end.
    func dial(_ slot: Int, to target: EndpointTarget, through route: Route, offeringHTTP2: Bool) -> CurlDial {
        let dial = idle.popLast() ?? makeDial()
        let keepsSessions = multi.configuration.takesSessions && CurlLibrary.lendsSessions
        dial.aim(
            slot, at: target, through: route, offeringHTTP2: offeringHTTP2,
            shelf: keepsSessions ? sessions.shelf(for: target, through: route) : nil)
        multi.add(dial.easy)
        return dial
    }

    /// Closes a handle's connection, finished or not.
    func hangUp(_ dial: CurlDial) {
        multi.remove(dial.easy)
        retire(dial)
    }

    /// Gives a connection without TLS to the caller, who closes it. libcurl no longer knows it.
    func release(_ dial: CurlDial) -> CInt {
        let descriptor = dial.descriptor
        multi.remove(dial.easy, releasing: descriptor)
        retire(dial)
        return descriptor
    }

    /// Hands an event of the poller to libcurl.
    func ready(_ token: UInt64, _ readiness: Poller.Readiness) { multi.ready(token, readiness) }

    /// Starts what was begun, serves libcurl's timer, and reports which handles have connected or failed.
    func run(_ ended: (CurlDial, CURLcode) -> Void) {
        multi.serveTimer()
        while let (owner, code) = multi.nextEnded() {
            if code != CURLE_OK { CurlDial.at(owner).forgetSession() }
            ended(CurlDial.at(owner), code)
        }
    }

    private func makeDial() -> CurlDial {
        let dial = CurlDial(multi)
        dials.append(dial)
        return dial
    }

    private func retire(_ dial: CurlDial) {
        dial.rest()
        idle.append(dial)
    }
}
