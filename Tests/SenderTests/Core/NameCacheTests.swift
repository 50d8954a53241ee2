import Sender
import Settings
import Testing
import WebhookModel

@Suite("NameCache")
struct NameCacheTests {
    private let one = IPAddress(v4: 0x0808_0808)
    private let two = IPAddress(v4: 0x0808_0404)
    private let endpoint = EndpointNumber(1)
    private let second: Int64 = 1_000_000_000

    @Test("the first endpoint sends a look-up, the others wait with it, the answer resumes all")
    func coalesce() {
        var names = NameCache()
        #expect(names.find("a", for: EndpointNumber(1), now: 0) == (.pending, true))
        #expect(names.find("a", for: EndpointNumber(2), now: 0) == (.pending, false))
        #expect(names.learn("a", .found([one]), now: second) == [EndpointNumber(1), EndpointNumber(2)])
        #expect(names.find("a", for: endpoint, now: second) == (.found([one], freshUntil: 31 * second), false))
    }

    @Test("an old answer is used while it is looked up again, and not after a minute")
    func staleUse() {
        var names = NameCache()
        _ = names.learn("a", .found([one]), now: 0)
        #expect(names.find("a", for: endpoint, now: 30 * second) == (.found([one], freshUntil: 30 * second), true))
        #expect(names.find("a", for: endpoint, now: 59 * second) == (.found([one], freshUntil: 59 * second), false))
        #expect(names.find("a", for: endpoint, now: 60 * second) == (.pending, false))
    }

    @Test("a failure is remembered for five seconds")
    func failure() {
        var names = NameCache()
        _ = names.find("a", for: endpoint, now: 0)
        #expect(names.learn("a", .failed(.serverFailed), now: 0) == [endpoint])
        #expect(names.find("a", for: endpoint, now: 5 * second - 1) == (.failed(.serverFailed), false))
        #expect(names.find("a", for: endpoint, now: 5 * second) == (.pending, true))
    }

    @Test("a short failure of the resolver does not discard a usable answer")
    func shortFailure() {
        var names = NameCache()
        _ = names.learn("a", .found([one]), now: 0)
        _ = names.find("a", for: endpoint, now: 31 * second)
        _ = names.learn("a", .failed(.serverFailed), now: 32 * second)
        #expect(names.find("a", for: endpoint, now: 33 * second) == (.found([one], freshUntil: 37 * second), false))
    }

    @Test("after two seconds a look-up counts as failed; its late answer is still used")
    func deadline() {
        var names = NameCache()
        _ = names.find("a", for: endpoint, now: 0)
        #expect(names.nextDeadline == 2 * second)
        #expect(names.expire(now: 2 * second - 1).isEmpty)
        #expect(names.expire(now: 2 * second) == [endpoint])
        #expect(names.find("a", for: endpoint, now: 3 * second) == (.failed(.timedOut), false))
        #expect(names.find("a", for: endpoint, now: 7 * second) == (.pending, false), "the look-up is still out")
        #expect(names.learn("a", .found([one]), now: 8 * second) == [endpoint])
        #expect(names.find("a", for: endpoint, now: 8 * second).finding == .found([one], freshUntil: 38 * second))
    }

    @Test("a newer look-up has its own deadline")
    func newerDeadline() {
        var names = NameCache()
        _ = names.find("a", for: endpoint, now: 0)
        _ = names.learn("a", .failed(.serverFailed), now: 0)
        _ = names.find("a", for: endpoint, now: 5 * second)
        #expect(names.expire(now: 6 * second).isEmpty)
        #expect(names.expire(now: 7 * second) == [endpoint])
    }

    @Test("the address in use stays first while the resolver shuffles, and goes last when it fails")
    func preference() {
        var names = NameCache()
        _ = names.learn("a", .found([one, two]), now: 0)
        _ = names.learn("a", .found([two, one]), now: second)
        #expect(names.find("a", for: endpoint, now: second).finding == .found([one, two], freshUntil: 31 * second))
        names.rotate("a", past: one)
        #expect(names.find("a", for: endpoint, now: second).finding == .found([two, one], freshUntil: 31 * second))
        names.rotate("a", past: one)
        #expect(names.find("a", for: endpoint, now: second).finding == .found([two, one], freshUntil: 31 * second))
    }

    @Test("expired names do not accumulate")
    func bounded() {
        var names = NameCache()
        for number in 0..<20_000 {
            let now = Int64(number) * second
            _ = names.find("host-\(number)", for: endpoint, now: now)
            _ = names.learn("host-\(number)", .failed(.serverFailed), now: now)
        }
        #expect(names.count <= 1_024)
    }
}
