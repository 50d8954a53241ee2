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

    private func find(
        _ names: inout NameCache, now: Int64, for endpoint: EndpointNumber = EndpointNumber(1), patience: Int64 = 15
    ) -> (NameCache.Finding, Bool) {
        let (finding, ask) = names.find("a", for: endpoint, patience: patience * second, now: now)
        return (finding, ask)
    }

    @Test("the first endpoint sends a look-up, the others wait with it, the answer resumes all")
    func coalesce() {
        var names = NameCache()
        #expect(find(&names, now: 0) == (.pending, true))
        #expect(find(&names, now: 0, for: EndpointNumber(2)) == (.pending, false))
        #expect(names.learn("a", .found([one]), now: second) == [EndpointNumber(1), EndpointNumber(2)])
        #expect(find(&names, now: second) == (.found([one], freshUntil: 31 * second), false))
    }

    @Test("an old answer is used while it is looked up again, and not after a minute")
    func staleUse() {
        var names = NameCache()
        _ = names.learn("a", .found([one]), now: 0)
        #expect(find(&names, now: 30 * second) == (.found([one], freshUntil: 30 * second), true))
        #expect(find(&names, now: 59 * second) == (.found([one], freshUntil: 59 * second), false))
        #expect(find(&names, now: 60 * second) == (.pending, false))
    }

    @Test("a name that does not exist is looked up again after pauses that double up to 30 s")
    func unknown() {
        var names = NameCache()
        var now: Int64 = 0
        for pause in [5, 10, 20, 30, 30] as [Int64] {
            #expect(find(&names, now: now) == (.pending, true))
            #expect(names.learn("a", .failed(.notFound), now: now) == [endpoint])
            let until = now + pause * second
            #expect(find(&names, now: until - 1) == (.failed(.notFound, until: until), false))
            now = until
        }
        // An answer makes the next failure the first again.
        _ = names.learn("a", .found([one]), now: now)
        _ = names.learn("a", .failed(.notFound), now: now + 60 * second)
        #expect(find(&names, now: now + 61 * second).0 == .failed(.notFound, until: now + 65 * second))
        // And so does a long time without look-ups.
        _ = names.learn("a", .failed(.notFound), now: now + 600 * second)
        #expect(find(&names, now: now + 601 * second).0 == .failed(.notFound, until: now + 605 * second))
    }

    @Test("a name whose servers fail is blamed after a minute, and not before")
    func serversFail() {
        var names = NameCache()
        var now: Int64 = 0
        var blamedAt: Int64?
        while blamedAt == nil, now < 300 * second {
            #expect(find(&names, now: now) == (.pending, true))
            _ = names.learn("a", .failed(.serverFailed), now: now)
            guard case .failed(let failure, let until) = find(&names, now: now).0 else { break }
            if failure.outcome == .nameServerFailed { blamedAt = now } else { #expect(failure == .undecided) }
            now = until
        }
        // Look-ups at 0, 2, 6, 14, 30, 60.
        #expect(blamedAt == 60 * second)
    }

    @Test("a short failure of the resolver does not discard a usable answer")
    func shortFailure() {
        var names = NameCache()
        _ = names.learn("a", .found([one]), now: 0)
        _ = find(&names, now: 31 * second)
        _ = names.learn("a", .failed(.serverFailed), now: 32 * second)
        #expect(find(&names, now: 33 * second) == (.found([one], freshUntil: 37 * second), false))
    }

    // F17: a look-up had two seconds, and a lost packet takes five.
    @Test("each endpoint waits as long as its attempts may take; a late answer is still used")
    func patience() {
        var names = NameCache()
        _ = find(&names, now: 0, for: EndpointNumber(1), patience: 15)
        _ = find(&names, now: 0, for: EndpointNumber(2), patience: 3)
        _ = find(&names, now: second, for: EndpointNumber(3), patience: 2)
        #expect(names.nextDeadline == 3 * second)
        #expect(names.expire(now: 3 * second - 1).isEmpty)
        #expect(names.expire(now: 3 * second) == [EndpointNumber(2), EndpointNumber(3)])
        #expect(names.expire(now: 3 * second).isEmpty)
        #expect(find(&names, now: 4 * second, for: EndpointNumber(2)).0 == .failed(.undecided, until: 5 * second))
        #expect(names.nextDeadline == 15 * second)
        #expect(names.learn("a", .found([one]), now: 14 * second) == [EndpointNumber(1)])
        #expect(names.expire(now: 15 * second).isEmpty)
        #expect(find(&names, now: 15 * second).0 == .found([one], freshUntil: 44 * second))
    }

    @Test("a newer look-up has its own deadline")
    func newerDeadline() {
        var names = NameCache()
        _ = find(&names, now: 0, patience: 4)
        _ = names.learn("a", .failed(.lacking(.nameServers)), now: 0)
        _ = find(&names, now: 3 * second, patience: 4)
        #expect(names.expire(now: 6 * second).isEmpty)
        #expect(names.expire(now: 7 * second) == [endpoint])
    }

    @Test("the address in use stays first while the resolver shuffles")
    func preference() {
        var names = NameCache()
        _ = names.learn("a", .found([one, two]), now: 0)
        _ = names.learn("a", .found([two, one]), now: second)
        #expect(find(&names, now: second).0 == .found([one, two], freshUntil: 31 * second))
    }

    @Test("expired names do not accumulate")
    func bounded() {
        var names = NameCache()
        for number in 0..<20_000 {
            let now = Int64(number) * second
            _ = names.find("host-\(number)", for: endpoint, patience: second, now: now)
            _ = names.learn("host-\(number)", .failed(.serverFailed), now: now)
        }
        #expect(names.count <= 1_024)
    }
}
