import Glibc
import Scheduling
import Sender
import Settings
import TestSupport
import Testing
import WebhookModel

@Suite("SenderCore")
struct SenderCoreTests {
    private static let second: Int64 = 1_000_000_000
    private let transport = ScriptedTransport()

    private func core(allow: [String] = [], allowHTTP: Bool = false, transfers: Int = 256) throws -> ScriptedCore {
        SenderCore(
            transport: transport,
            configuration: SenderConfiguration(
                transfers: transfers, allowHTTP: allowHTTP, addressGuard: try AddressGuard(allow: allow),
                version: "test"))
    }

    private func due(_ position: UInt64 = 1, _ endpoint: Endpoint, attempt: UInt16 = 1) -> DueDelivery {
        DueDelivery(
            event: Sample.event(position), endpoint: endpoint, attempt: attempt, entry: .due(7),
            round: DeliveryRound(earlier: 0, trigger: .replay))
    }

    @Test("a delivery to an address is begun at once and reported when it ends")
    func attempt() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://8.8.8.8:8443/x")
        core.take([due(5, endpoint)], now: 0)
        core.start(now: 0, wall: 1_700_000_000_123)
        let order = try #require(transport.open.first)
        #expect(order.route.address == IPAddress("8.8.8.8"))
        #expect(order.route.port == 8_443)
        #expect(!order.freshConnection)
        transport.end(.delivered, status: 204)
        core.finish(now: 1, wall: 1_700_000_000_200)
        let report = try #require(core.reports.first)
        #expect(report.delivery == DeliveryID(position: EventPosition(5), endpoint: EndpointNumber(1)))
        #expect(report.entry == .due(7))
        #expect(report.trigger == .replay)
        #expect(report.outcome == .delivered)
        #expect(report.status == 204)
        #expect(report.startedAt == 1_700_000_000_123)
        #expect(report.address == "8.8.8.8")
        #expect(report.heldBytes == Sample.event(5).bytes.count)
        #expect(core.inFlight == 0)
    }

    @Test("the last attempt gets a fresh connection", arguments: [(UInt16(1), false), (2, false), (3, true)])
    func lastAttempt(attempt: UInt16, fresh: Bool) throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://8.8.8.8/", retry: RetryPolicy(delays: [1, 1]))
        core.take([due(1, endpoint, attempt: attempt)], now: 0)
        core.start(now: 0, wall: 0)
        #expect(transport.open.first?.freshConnection == fresh)
    }

    @Test("a forbidden address and an unusable endpoint are reported and never sent")
    func neverSent() throws {
        var core = try core()
        core.take(
            [
                due(1, Sample.endpoint(1, url: "https://10.0.0.1/")),
                due(2, Sample.endpoint(2, url: "https://8.8.8.8:22/")),
                due(3, Sample.endpoint(3, url: "http://8.8.8.8/")),
                due(4, Sample.endpoint(4, url: "https://8.8.8.8/", secrets: ["whsec_short"])),
                due(5, Sample.endpoint(5, url: "nonsense")),
            ], now: 0)
        core.start(now: 0, wall: 0)
        #expect(transport.begun == 0)
        #expect(
            core.reports.map(\.outcome) == [
                .addressForbidden, .addressForbidden, .endpointUnusable, .endpointUnusable, .endpointUnusable,
            ])
        #expect(core.reports.allSatisfy { $0.address.isEmpty && $0.status == 0 })
        // Only an address stays what it is: settings may be mended, a name may resolve to another address.
        #expect(core.reports.map(\.isHopeless) == [true, true, false, false, false])
    }

    @Test("a name is looked up once; its deliveries wait, others do not")
    func lookup() throws {
        var core = try core()
        core.take(
            [
                due(1, Sample.endpoint(1, url: "https://a.example/")),
                due(2, Sample.endpoint(1, url: "https://a.example/")),
                due(3, Sample.endpoint(2, url: "https://a.example/other")),
                due(4, Sample.endpoint(3, url: "https://8.8.8.8/")),
            ], now: 0)
        core.start(now: 0, wall: 0)
        #expect(core.lookups == [NameLookup(host: "a.example", tenant: TenantNumber(1))])
        #expect(transport.open.map(\.delivery.event.position.value) == [4])
        core.learn("a.example", .found([try #require(IPAddress("8.8.4.4"))]), now: 1)
        core.start(now: 1, wall: 0)
        #expect(Set(transport.open.map(\.delivery.event.position.value)) == [1, 2, 3, 4])
        #expect(transport.open.dropFirst().allSatisfy { $0.route.text == "8.8.4.4" })
    }

    @Test("a name with a private address is refused, and of several addresses the first allowed one is used")
    func vetting() throws {
        var core = try core()
        let inside = try #require(IPAddress("192.168.1.1"))
        let outside = try #require(IPAddress("8.8.4.4"))
        core.take(
            [
                due(1, Sample.endpoint(1, url: "https://a.example/")),
                due(2, Sample.endpoint(2, url: "https://b.example/")),
            ], now: 0)
        core.start(now: 0, wall: 0)
        core.learn("a.example", .found([inside]), now: 0)
        core.learn("b.example", .found([inside, outside]), now: 0)
        core.start(now: 0, wall: 0)
        #expect(core.reports.map(\.outcome) == [.addressForbidden])
        #expect(core.reports.map(\.isHopeless) == [false])
        #expect(transport.open.map(\.route.text) == ["8.8.4.4"])
    }

    @Test("a name that changes to a private address is refused at the next look-up")
    func rebinding() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://a.example/")
        core.take([due(1, endpoint)], now: 0)
        core.start(now: 0, wall: 0)
        core.learn("a.example", .found([try #require(IPAddress("8.8.4.4"))]), now: 0)
        core.start(now: 0, wall: 0)
        #expect(transport.begun == 1)
        core.learn("a.example", .found([try #require(IPAddress("127.0.0.1"))]), now: 31 * Self.second)
        core.take([due(2, endpoint)], now: 0)
        core.start(now: 31 * Self.second, wall: 0)
        #expect(transport.begun == 1)
        #expect(core.reports.map(\.outcome) == [.addressForbidden])
    }

    @Test("a name without an answer in the time of an attempt uses none: its deliveries go back to the queue")
    func lookupDeadline() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://a.example/", timeout: 4_000)
        core.take([due(1, endpoint)], now: 0)
        core.start(now: 0, wall: 0)
        #expect(core.nextTime == 4 * Self.second)
        core.start(now: 4 * Self.second, wall: 0)
        #expect(core.reports.isEmpty && core.tally.attempts == 0)
        #expect(core.returns.map(\.pause) == [2_000] && core.returns.map(\.attempts) == [0])
        // Its late answer is used.
        core.learn("a.example", .found([IPAddress(v4: 0x0808_0808)]), now: 5 * Self.second)
        core.take([due(1, endpoint)], now: 6 * Self.second)
        core.start(now: 6 * Self.second, wall: 0)
        #expect(transport.begun == 1)
    }

    // F8: at the descriptor limit every delivery became a dead letter (connectFailed).
    @Test(
        "what the machine lacks uses no attempt and moves no breaker",
        arguments: [EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL, ENOSPC])
    func shortage(code: CInt) throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://8.8.8.8/", window: 4)
        core.take((1...4).map { due($0, endpoint) }, now: 0)
        var now: Int64 = 0
        let shortage = try #require(Shortage(code))
        // Far more often than a breaker would bear.
        for _ in 0..<30 {
            core.start(now: now, wall: 0)
            while !transport.open.isEmpty { transport.lack(shortage, until: now + Self.second / 50) }
            core.finish(now: now, wall: 0)
            core.start(now: now, wall: 0)
            #expect(transport.open.isEmpty && core.inFlight == 0)
            #expect(core.nextTime == now + Self.second / 50)
            now += Self.second / 50
        }
        #expect(core.reports.isEmpty && core.returns.isEmpty)
        #expect(core.tally.attempts == 0 && core.tally.breakersOpened == 0 && core.tally.shortages >= 30)
        let found1 = core.takeShortage()
        let found2 = core.takeShortage()
        #expect(found1 == shortage && found2 == nil)
        core.start(now: now, wall: 0)
        #expect(transport.open.count == 4)
        #expect(transport.open.allSatisfy { $0.delivery.attempt == 1 })
        #expect(!shortage.explanation.isEmpty)
    }

    @Test("an endpoint with a connection goes on with it while the machine has no other to give")
    func shortageBesideAConnection() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://8.8.8.8/", window: 2)
        core.take((1...6).map { due($0, endpoint) }, now: 0)
        core.start(now: 0, wall: 0)
        // The first has a connection; the second finds none.
        let busy = transport.takeFirst()
        transport.lack(try #require(Shortage(EMFILE)), until: Self.second)
        core.finish(now: 0, wall: 0)
        core.start(now: 0, wall: 0)
        #expect(transport.open.isEmpty)
        transport.putFirst(busy)
        transport.end(.delivered, status: 200)
        core.finish(now: 1, wall: 0)
        core.start(now: 1, wall: 0)
        #expect(transport.open.count == 2 && core.reports.count == 1)
    }

    @Test("a name server that is down uses no attempt, one that fails for a name does after a minute")
    func nameServers() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://a.example/")
        core.take((1...3).map { due($0, endpoint) }, now: 0)
        core.start(now: 0, wall: 0)
        core.learn("a.example", .failed(.lacking(.nameServers)), now: 0)
        core.start(now: 0, wall: 0)
        #expect(core.reports.isEmpty && core.returns.count == 3 && core.tally.breakersOpened == 0)
        let found3 = core.takeShortage()
        #expect(found3 == .nameServers)
        core.returns = []
        for time in [6, 36, 66] as [Int64] {
            #expect(core.reports.isEmpty)
            core.take([due(1, endpoint)], now: time * Self.second)
            core.start(now: time * Self.second, wall: 0)
            core.learn("a.example", .failed(.serverFailed), now: time * Self.second)
            core.start(now: time * Self.second, wall: 0)
        }
        #expect(core.reports.map(\.outcome) == [.nameServerFailed])
    }

    @Test("an attempt gets every allowed address, IPv6 and IPv4 in turns, and no other")
    func addresses() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://a.example/")
        core.take([due(1, endpoint)], now: 0)
        core.start(now: 0, wall: 0)
        let found = [
            "2606:4700::1", "2606:4700::2", "fd00::1", "::1", "8.8.8.8", "10.0.0.1", "169.254.169.254", "8.8.4.4",
        ]
        core.learn("a.example", .found(found.compactMap { IPAddress($0) }), now: 0)
        core.start(now: 0, wall: 0)
        let route = try #require(transport.open.first).route
        #expect(route.text == "2606:4700::1")
        #expect(route.others.map(\.text) == ["8.8.8.8", "2606:4700::2", "8.8.4.4"])
        #expect(route.others.allSatisfy { $0.others.isEmpty && $0.port == 443 })
        // The same answer again is the same route: its connections stay in use.
        core.learn("a.example", .found(found.compactMap { IPAddress($0) }), now: 31 * Self.second)
        core.take([due(2, endpoint)], now: 31 * Self.second)
        core.start(now: 31 * Self.second, wall: 0)
        #expect(transport.open.last?.route === route)
    }

    @Test("a name with very many addresses does not open very many connections")
    func manyAddresses() throws {
        var core = try core()
        core.take([due(1, Sample.endpoint(url: "https://a.example/"))], now: 0)
        core.start(now: 0, wall: 0)
        core.learn("a.example", .found((0..<100).map { IPAddress(v4: 0x0808_0000 + $0) }), now: 0)
        core.start(now: 0, wall: 0)
        #expect(transport.open.first?.route.others.count == Limits.addressesPerAttempt - 1)
    }

    @Test("Retry-After holds the whole endpoint, and no other")
    func retryAfter() throws {
        var core = try core()
        let slow = Sample.endpoint(1, url: "https://8.8.8.8/", window: 1)
        core.take([due(1, slow), due(2, slow), due(3, Sample.endpoint(2, tenant: 2, url: "https://8.8.4.4/"))], now: 0)
        core.start(now: 0, wall: 0)
        transport.end(.throttled, status: 429, retryAfter: .seconds(1))
        core.finish(now: Self.second, wall: 0)
        #expect(core.reports.first?.retryAfter == 1_000)
        core.start(now: 2 * Self.second - 1, wall: 0)
        #expect(transport.begun == 2)
        #expect(core.nextTime == 2 * Self.second)
        core.start(now: 2 * Self.second, wall: 0)
        #expect(transport.begun == 3)
    }

    @Test("a changed endpoint is prepared again")
    func changedEndpoint() throws {
        var core = try core()
        core.take(
            [
                due(1, Sample.endpoint(1, url: "https://8.8.8.8/a")),
                due(2, Sample.endpoint(1, url: "https://8.8.4.4/b")),
            ], now: 0)
        core.start(now: 0, wall: 0)
        #expect(transport.open.map(\.target.url.canonical) == ["https://8.8.8.8/a", "https://8.8.4.4/b"])
    }

    @Test("the tally adds up")
    func tally() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://8.8.8.8/", window: 2)
        core.take((1...5).map { due($0, endpoint) }, now: 0)
        core.start(now: 0, wall: 0)
        transport.end(.delivered, status: 200)
        transport.end(.timedOut)
        core.finish(now: 0, wall: 0)
        core.start(now: 0, wall: 0)
        core.measure()
        #expect(core.tally.attempts == 2)
        #expect(core.tally.delivered == 1)
        #expect(core.tally.count(of: .timedOut) == 1)
        #expect(core.tally.queued == 1)
        #expect(core.tally.inFlight == 2)
        #expect(core.tally.lanes == 1)
    }

    @Test("an endpoint that fails ten times gets no attempts, and its waiting deliveries go back to the queue unsent")
    func breakerGivesBack() throws {
        var core = try core()
        let endpoint = Sample.endpoint(url: "https://8.8.8.8/", window: 10)
        core.take((1...15).map { due($0, endpoint) }, now: 0)
        core.start(now: 0, wall: 0)
        for _ in 1...10 { transport.end(.timedOut) }
        core.finish(now: Self.second, wall: 1_000)
        #expect(core.reports.count == 10)
        #expect(core.returns.map(\.delivery.position.value) == Array(11...15))
        #expect(
            core.returns.allSatisfy { $0.attempts == 0 && $0.entry == .due(7) && (27_000...33_000).contains($0.pause) })
        // What comes later goes back at once.
        core.returns = []
        core.take([due(16, endpoint, attempt: 3)], now: 2 * Self.second)
        core.start(now: 2 * Self.second, wall: 2_000)
        #expect(core.returns.map(\.attempts) == [2])
        #expect(transport.open.isEmpty)
        core.measure()
        #expect(core.tally.breakersOpened == 1 && core.tally.queued == 0)
    }

    // Only 64 attempts younger than 25 ms were in flight: 2,560 a second to receivers that answer after 100 ms.
    @Test("attempts begin as windows and transfers allow, however many began just now")
    func manyAtOnce() throws {
        var core = try core(transfers: 2_000)
        for number in 1...4 as ClosedRange<UInt32> {
            let endpoint = Sample.endpoint(number, url: "https://8.8.8.8/\(number)", window: 300)
            core.take((1...400).map { due($0, endpoint) }, now: 0)
        }
        repeat { core.start(now: 0, wall: 0) } while core.mayBeginMore
        #expect(transport.begun == 1_200 && core.inFlight == 1_200)
    }

    @Test("a turn begins a bounded number of attempts, so that answers are read in between")
    func oneTurn() throws {
        var core = try core(transfers: 900)
        core.take((1...400).map { due($0, Sample.endpoint(url: "https://8.8.8.8/", window: 300)) }, now: 0)
        core.start(now: 0, wall: 0)
        #expect(transport.begun == Limits.attemptsPerTurn && core.mayBeginMore)
    }

    @Test("a long Retry-After returns the waiting deliveries to the queue, a short one does not")
    func retryAfterGivesBack() throws {
        for (seconds, back) in [(60 as Int64, 1), (1, 0)] {
            let transport = ScriptedTransport()
            var core = SenderCore(
                transport: transport,
                configuration: SenderConfiguration(addressGuard: try AddressGuard(allow: []), version: "test"))
            let endpoint = Sample.endpoint(url: "https://8.8.8.8/", window: 1)
            core.take([due(1, endpoint), due(2, endpoint)], now: 0)
            core.start(now: 0, wall: 0)
            transport.end(.throttled, status: 429, retryAfter: .seconds(seconds))
            core.finish(now: 0, wall: 0)
            #expect(core.returns.count == back)
        }
    }
}
