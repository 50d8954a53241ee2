import Scheduling
import Sender
import Settings
import TestSupport
import Threading
import WebhookModel

/// Drives a transport turn by turn, at the times that the test names.
final class SteppedTransport {
    static let second: Int64 = 1_000_000_000
    static let start = 1_000 * second
    private let poller = Poller()
    let transport: SenderTransport
    private(set) var ended: [AttemptEnd] = []

    /// - Parameter authoritiesFile: those that it trusts; nil: the system's.
    init(authoritiesFile: String? = nil) throws {
        transport = SenderTransport(
            SenderConfiguration(
                allowHTTP: true, addressGuard: try AddressGuard(allow: ["127.0.0.0/8"]), version: "t",
                authoritiesFile: authoritiesFile),
            poller: poller, now: SteppedTransport.start)
    }

    deinit { transport.close() }

    func begin(_ position: UInt64, to endpoint: Endpoint, freshConnection: Bool = false) throws {
        let target = try EndpointTarget(endpoint, allowHTTP: true)
        let delivery = DueDelivery(event: Sample.event(position), endpoint: endpoint, attempt: 1, entry: .due(0))
        let route = Route(to: target, address: IPAddress(v4: 0x7F00_0001))
        transport.begin(
            AttemptOrder(
                delivery: delivery, target: target, route: route, startedAt: 0,
                freshConnection: freshConnection))
    }

    /// One turn of the loop.
    func turn(at now: Int64) {
        transport.now = now
        poller.take { transport.ready($0, $1) }
        transport.run()
        var more: [AttemptEnd] = []
        transport.collect(into: &more)
        ended += more
    }

    /// Turns while the time goes on, for as long as the sockets need.
    ///
    /// - Returns: the time of the last turn.
    func advance(from now: Int64, until isMet: () -> Bool) -> Int64 {
        var time = now
        while true {
            turn(at: time)
            if isMet() { return time }
            poller.wait(nanoseconds: 10_000_000)
            time += 50_000_000
        }
    }

    /// Takes no turn for this time: for what goes by a clock that no test can step.
    func waitInRealTime(milliseconds: Int) {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        // A socket that is ready ends each wait.
        while ContinuousClock.now < end { poller.wait(nanoseconds: 10_000_000) }
    }

    /// Turns at one time, for as long as the sockets need.
    func turns(at now: Int64, until isMet: () -> Bool) {
        repeat {
            turn(at: now)
            if !isMet() { poller.wait(nanoseconds: 10_000_000) }
        } while !isMet()
    }
}
