import Scheduling
import Sender
import Settings
import TestSupport
import Testing
import WebhookModel

@Suite("Retired endpoints")
struct RetiredEndpointTests {
    private let transport = ScriptedTransport()

    private func core() throws -> ScriptedCore {
        SenderCore(
            transport: transport,
            configuration: SenderConfiguration(
                transfers: 256, addressGuard: try AddressGuard(allow: []), version: "test"))
    }

    private func due(_ position: UInt64 = 1, _ endpoint: Endpoint, attempt: UInt16 = 1) -> DueDelivery {
        DueDelivery(event: Sample.event(position), endpoint: endpoint, attempt: attempt, entry: .due(7))
    }

    // F16: what a sender held went to the old URL, with the old secret, or to an endpoint that was removed.
    @Test("deliveries of a retired endpoint are given back unsent, and those of its successor are sent")
    func retired() throws {
        var core = try core()
        let old = Sample.endpoint(1, url: "https://8.8.8.8/", window: 1)
        core.take((1...3).map { due($0, old, attempt: 2) }, now: 0)
        core.start(now: 0, wall: 0)
        old.retire()
        core.take([due(4, Sample.endpoint(1, url: "https://8.8.4.4/", window: 1))], now: 0)
        transport.end(.delivered, status: 200)
        core.finish(now: 1, wall: 0)
        core.start(now: 1, wall: 0)
        #expect(core.returns.map(\.delivery.position.value) == [2, 3])
        #expect(core.returns.allSatisfy { $0.pause == 0 && $0.attempts == 1 && $0.destination == old.destination })
        #expect(transport.open.map(\.route.text) == ["8.8.4.4"] && transport.begun == 2 && core.inFlight == 1)
    }

    @Test("a delivery that waits for its name is given back when its endpoint is retired meanwhile")
    func retiredWhileLookedUp() throws {
        var core = try core()
        let old = Sample.endpoint(1, url: "https://a.example/")
        core.take([due(1, old)], now: 0)
        core.start(now: 0, wall: 0)
        old.retire()
        core.learn("a.example", .found([IPAddress(v4: 0x0808_0808)]), now: 1)
        core.start(now: 1, wall: 0)
        #expect(transport.begun == 0 && core.returns.count == 1 && core.inFlight == 0)
    }

    @Test("late answers of an old URL neither hold the new one nor open its breaker")
    func lateAnswers() throws {
        var core = try core()
        let old = Sample.endpoint(1, url: "https://8.8.8.8/", window: 32)
        let new = Sample.endpoint(1, url: "https://8.8.4.4/", window: 32)
        core.take((1...20).map { due($0, old) }, now: 0)
        core.start(now: 0, wall: 0)
        core.take([due(21, new)], now: 0)
        for _ in 1...20 { transport.end(.throttled, status: 429, retryAfter: .seconds(3_600)) }
        core.finish(now: 1, wall: 0)
        #expect(core.reports.count == 20 && core.reports.allSatisfy { $0.retryAfter == 3_600_000 })
        core.start(now: 1, wall: 0)
        #expect(transport.open.map(\.route.text) == ["8.8.4.4"])
        #expect(core.tally.breakersOpened == 0 && core.returns.isEmpty)
    }
}
