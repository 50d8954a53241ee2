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

    @Test(
        "each failure of a look-up has its own outcome, kept for five seconds",
        arguments: [(NameFailure.notFound, Outcome.nameNotFound), (.serverFailed, .nameServerFailed)])
    func failures(failure: NameFailure, outcome: Outcome) throws {
        var core = try core()
        _ = deliver(1, at: 0, &core)
        core.learn("a.example", .failed(failure), now: 0)
        core.start(now: 0, wall: 0)
        core.lookups = []
        core.take([due(2, Sample.endpoint(url: "https://a.example/"))], now: 4 * Self.second)
        core.start(now: 4 * Self.second, wall: 0)
        #expect(core.reports.map(\.outcome) == [outcome, outcome])
        #expect(core.lookups.isEmpty && transport.begun == 0)
        core.take([due(3, Sample.endpoint(url: "https://a.example/"))], now: 5 * Self.second)
        core.start(now: 5 * Self.second, wall: 0)
        #expect(core.lookups.count == 1)
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
