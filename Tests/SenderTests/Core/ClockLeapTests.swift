import Scheduling
import Sender
import Settings
import TestSupport
import Testing
import WebhookModel

/// Decisions across leaps of the clocks: a suspended process sees the monotonic clock jump forwards, an operator may
/// set the wall clock either way.
@Suite("Leaps of the clocks")
struct ClockLeapTests {
    @Test("every delivery is reported or given back once, whatever the clocks show", arguments: UInt64(1)...20)
    func leaps(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let transport = ScriptedTransport()
        var core = ScriptedCore(
            transport: transport,
            configuration: SenderConfiguration(transfers: 64, addressGuard: try AddressGuard(), version: "test"))
        let endpoints = (UInt32(1)...20).map { number in
            Sample.endpoint(
                number, tenant: number % 3 + 1,
                url: number % 2 == 0 ? "https://8.8.8.\(number)/" : "https://h\(number).example/")
        }
        var (now, wall): (Int64, Int64) = (0, 1_700_000_000_000)
        var done: [UInt64: Int] = [:]
        var position: UInt64 = 0
        func settle() {
            for report in core.reports { done[report.delivery.position.value, default: 0] += 1 }
            for delivery in core.returns { done[delivery.delivery.position.value, default: 0] += 1 }
            core.reports = []
            core.returns = []
        }
        for round in 0..<800 {
            if round % 50 == 0 {
                // Minutes, days, a year.
                now += [150, 86_400, 31_536_000].randomElement(using: &random)! * 1_000_000_000
                wall = Int64.random(in: 0...Limits.latestTime, using: &random)
            } else {
                now += Int64.random(in: 0...50_000_000, using: &random)
                wall = max(0, wall + Int64.random(in: -5...50, using: &random))
            }
            if round < 700 {
                core.take(
                    (0..<Int.random(in: 0...10, using: &random)).map { _ in
                        position += 1
                        return DueDelivery(
                            event: Sample.event(position), endpoint: endpoints.randomElement(using: &random)!,
                            attempt: 1, entry: .due(0))
                    }, now: now)
            }
            core.start(now: now, wall: wall)
            for lookup in core.lookups where Bool.random(using: &random) {
                core.learn(lookup.host, .found([IPAddress(v4: 0x0808_0404)]), now: now)
            }
            core.lookups = []
            while !transport.open.isEmpty, round >= 700 || Int.random(in: 0..<4, using: &random) > 0 {
                if Int.random(in: 0..<20, using: &random) == 0 {
                    transport.end(.unavailable, status: 503, retryAfter: .date(4_000_000_000))
                } else {
                    transport.end(Bool.random(using: &random) ? .delivered : .timedOut)
                }
            }
            core.finish(now: now, wall: wall)
            settle()
        }
        // Nothing is held longer than a day: what is left ends now.
        for _ in 0..<1_000 where core.inFlight > 0 || !transport.open.isEmpty || done.count < Int(position) {
            now += 86_400_000_000_000
            core.start(now: now, wall: wall)
            core.lookups = []
            while !transport.open.isEmpty { transport.end(.delivered) }
            core.finish(now: now, wall: wall)
            settle()
        }
        #expect(done.count == Int(position))
        #expect(done.values.allSatisfy { $0 == 1 })
    }
}
