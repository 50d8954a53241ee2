import Scheduling
import Sender
import Settings
import TestSupport
import Testing
import WebhookModel

/// Names whose addresses change, fail or come late, stepped through by the clock.
@Suite("Names that move")
struct NameMoveTests {
    private static let second: Int64 = 1_000_000_000
    private let old = IPAddress(v4: 0x0808_0808)
    private let new = IPAddress(v4: 0x0808_0404)
    private let transport = ScriptedTransport()

    private func core() throws -> ScriptedCore {
        SenderCore(
            transport: transport, configuration: SenderConfiguration(addressGuard: try AddressGuard(), version: "test"))
    }

    private func due(_ position: UInt64, _ endpoint: Endpoint) -> DueDelivery {
        DueDelivery(event: Sample.event(position), endpoint: endpoint, attempt: 1, entry: .due(0))
    }

    /// Delivers at a time, and gives the address that the attempt goes to.
    private func deliver(
        _ position: UInt64, at time: Int64, _ core: inout ScriptedCore
    ) -> String? {
        core.take([due(position, Sample.endpoint(url: "https://a.example/"))], now: time)
        core.start(now: time, wall: 0)
        let route = transport.open.last?.route.text
        if !transport.open.isEmpty { transport.end(.delivered, status: 200) }
        core.finish(now: time, wall: 0)
        return route
    }

    @Test("a new address is used as soon as the old answer is 30 s old and the new one was received")
    func moved() throws {
        var core = try core()
        #expect(deliver(1, at: 0, &core) == nil)
        core.learn("a.example", .found([old]), now: 0)
        core.start(now: 0, wall: 0)
        #expect(transport.open.map(\.route.text) == ["8.8.8.8"])
        transport.end(.delivered, status: 200)
        core.finish(now: 0, wall: 0)
        core.lookups = []

        #expect(deliver(2, at: 29 * Self.second, &core) == "8.8.8.8")
        #expect(core.lookups.isEmpty)
        // Looked up again; meanwhile no delivery waits.
        #expect(deliver(3, at: 31 * Self.second, &core) == "8.8.8.8")
        #expect(core.lookups.map(\.host) == ["a.example"])
        core.learn("a.example", .found([new]), now: 31 * Self.second)
        #expect(deliver(4, at: 32 * Self.second, &core) == "8.8.4.4")
    }

    @Test("steady traffic follows a name through many moves, each within a minute")
    func steady() throws {
        var core = try core()
        core.learn("a.example", .found([old]), now: 0)
        var movedAt: Int64 = 0
        for tick in Int64(1)...1_200 {
            let now = tick * Self.second / 2
            let address = IPAddress(v4: UInt32(0x0808_0000 + tick / 120))
            if tick % 120 == 0 { movedAt = now }
            let used = deliver(UInt64(tick), at: now, &core)
            for lookup in core.lookups { core.learn(lookup.host, .found([address]), now: now) }
            core.lookups = []
            if tick >= 120, now - movedAt > 31 * Self.second { #expect(used == address.description) }
        }
    }

    // F17: ten deliveries to a name that did not exist opened its breaker at once.
    @Test("a name that does not exist costs an endpoint one attempt per look-up, however many deliveries wait")
    func unknownName() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://a.example/", window: 16)
        var now: Int64 = 0
        for (round, pause) in ([5, 10, 20, 30, 30] as [Int64]).enumerated() {
            core.take((1...20).map { due($0, endpoint) }, now: now)
            core.start(now: now, wall: 0)
            #expect(core.lookups.map(\.host) == ["a.example"])
            core.lookups = []
            core.learn("a.example", .failed(.notFound), now: now)
            core.start(now: now, wall: 0)
            #expect(core.reports.map(\.outcome) == [Outcome](repeating: .nameNotFound, count: round + 1))
            // The others go back, and what comes meanwhile too.
            #expect(core.returns.count == 19)
            #expect(core.returns.allSatisfy { $0.pause == pause * 1_000 && $0.attempts == 0 })
            core.take([due(99, endpoint)], now: now + Self.second)
            core.start(now: now + Self.second, wall: 0)
            #expect(core.returns.count == 20 && core.lookups.isEmpty)
            core.returns = []
            now += pause * Self.second
        }
        #expect(transport.begun == 0 && core.tally.breakersOpened == 0)
        core.take([due(1, endpoint)], now: now)
        core.start(now: now, wall: 0)
        core.learn("a.example", .found([old]), now: now)
        core.start(now: now, wall: 0)
        #expect(transport.begun == 1)
    }

    @Test("a resolver that is down costs no attempt, however long, and gets two questions a minute for a name")
    func resolverDown() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://a.example/", window: 16)
        var now: Int64 = 0
        var asked = 0
        while now < 3_600 * Self.second {
            core.take((1...20).map { due($0, endpoint) }, now: now)
            core.start(now: now, wall: 0)
            asked += core.lookups.count
            core.lookups = []
            core.learn("a.example", .failed(.lacking(.nameServers)), now: now)
            core.start(now: now, wall: 0)
            #expect(core.returns.count == 20)
            let pause = try #require(core.returns.first?.pause)
            #expect(pause <= 30_000)
            core.returns = []
            now += pause * 1_000_000
        }
        #expect(core.reports.isEmpty && core.tally.attempts == 0 && core.tally.breakersOpened == 0)
        #expect((100...130).contains(asked))
    }

    // F17: the answer was there after five seconds, the first delivery after 31, with ten attempts spent.
    @Test("an answer after seconds is in time: the deliveries are sent with it, and no attempt is spent")
    func lostPacket() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://a.example/", window: 16, timeout: 10_000)
        let other = Sample.endpoint(2, tenant: 2, url: "https://a.example/2", window: 16, timeout: 10_000)
        core.take((1...10).map { due($0, endpoint) } + [due(11, other)], now: 0)
        for time in Int64(0)...5 { core.start(now: time * Self.second, wall: 0) }
        #expect(core.lookups.count == 1 && core.returns.isEmpty)
        core.learn("a.example", .found([old]), now: 5 * Self.second)
        core.start(now: 5 * Self.second, wall: 0)
        #expect(transport.open.count == 11 && transport.open.allSatisfy { $0.delivery.attempt == 1 })
        #expect(core.reports.isEmpty && core.tally.breakersOpened == 0)
    }

    @Test("a name that fails for a short time keeps its address; one that keeps failing is unusable after a minute")
    func shortFailure() throws {
        var core = try core()
        core.learn("a.example", .found([old]), now: 0)
        #expect(deliver(1, at: 0, &core) == "8.8.8.8")
        #expect(deliver(2, at: 31 * Self.second, &core) == "8.8.8.8")
        core.learn("a.example", .failed(.serverFailed), now: 31 * Self.second)
        #expect(deliver(3, at: 32 * Self.second, &core) == "8.8.8.8")
        core.reports = []
        #expect(deliver(4, at: 61 * Self.second, &core) == nil)
        core.learn("a.example", .failed(.notFound), now: 61 * Self.second)
        core.start(now: 61 * Self.second, wall: 0)
        #expect(core.reports.map(\.outcome) == [.nameNotFound])
    }
}
