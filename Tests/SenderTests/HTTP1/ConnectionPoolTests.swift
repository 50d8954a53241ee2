import Sender
import Settings
import Testing
import WebhookModel

/// What the pool remembers.
@Suite("Connection pool")
struct ConnectionPoolTests {
    private func key(_ number: UInt64) -> SiteKey {
        SiteKey(isSecure: true, host: "hooks.example", port: 443, address: IPAddress(v6: 0x2001_0000_0000_0000, number))
    }

    @Test("sites whose servers send data without a request do not fill the memory")
    func rememberedSites() {
        var pool = ConnectionPool(most: 16)
        for number in UInt64(1)...20_000 {
            let site = pool.site(key(number))
            let connection = pool.open(site)
            pool.putIdle(connection, now: 0)
            site.spokeUnasked += 1
            pool.drop(connection)
        }
        #expect(pool.siteCount == Limits.rememberedSites)
        // The latest are the ones that are remembered.
        #expect(pool.site(key(20_000)).spokeUnasked == 1)
        #expect(pool.site(key(1)).spokeUnasked == 0)
    }

    // 2,000 cold TLS hosts with 16 deliveries each began 32,000 handshakes.
    @Test("a cold site opens two connections, then as many as are open, up to those that are free")
    func slowStart() {
        var pool = ConnectionPool(most: 16)
        let site = pool.site(key(1))
        func openAll() -> [Connection] {
            var opened: [Connection] = []
            while site.mayOpen, let connection = pool.takeWaiting(site) {
                pool.beginOpening(connection)
                opened.append(connection)
            }
            return opened
        }
        for _ in 0..<200 { pool.wait(pool.open(site)) }
        var opening: [Connection] = []
        var steps: [Int] = []
        for _ in 0..<8 {
            for connection in opening { pool.endOpening(connection) }
            opening = openAll()
            steps.append(opening.count)
        }
        #expect(steps == [2, 2, 4, 8, 16, 32, 0, 0] && steps.reduce(0, +) == Limits.freeConnections)
        // One that waits for long is opened all the same.
        guard let late = pool.takeWaiting(site) else {
            Issue.record("nobody waits")
            return
        }
        pool.wait(late)
        pool.leaveLine(late)
        pool.beginOpening(late)
        #expect(site.carrying == Limits.freeConnections + 1 && !site.mayOpen)
    }

    @Test("a site that cannot be reached is found out about by all at once, and one that waits may leave")
    func failingSite() {
        var pool = ConnectionPool(most: 16)
        let site = pool.site(key(1))
        let waiting = (0..<6).map { _ in pool.open(site) }
        for connection in waiting { pool.wait(connection) }
        pool.drop(waiting[0])
        #expect(site.waitingCount == 5)
        for _ in 0..<2 {
            let next = pool.takeWaiting(site)
            #expect(next != nil)
            if let next { pool.beginOpening(next) }
        }
        #expect(!site.mayOpen)
        site.isFailing = true
        var more = 0
        while site.mayOpen, let connection = pool.takeWaiting(site) {
            pool.beginOpening(connection)
            more += 1
        }
        #expect(more == 3 && site.waitingCount == 0)
        for connection in waiting.dropFirst() { pool.drop(connection) }
        #expect(pool.siteCount == 0)
    }

    @Test(
        "what a server says about its side of a connection bounds its idle time, and never beyond our own",
        arguments: [("timeout=5", Int64(4_000)), ("timeout=2", 1_000), ("timeout=600", 30_000), ("max=3", 30_000)])
    func keepAlive(value: String, milliseconds: Int64) {
        var pool = ConnectionPool(most: 16)
        let connection = pool.open(pool.site(key(1)))
        var keepAlive = KeepAlive()
        Array(value.utf8).withUnsafeBytes { keepAlive.take($0) }
        #expect(connection.hear(keepAlive))
        pool.putIdle(connection, now: 0)
        #expect(pool.isFresh(connection, now: milliseconds * 1_000_000 - 1))
        #expect(!pool.isFresh(connection, now: milliseconds * 1_000_000))
    }

    @Test("requests are counted down from what the server said last")
    func keepAliveRequests() {
        var pool = ConnectionPool(most: 16)
        let connection = pool.open(pool.site(key(1)))
        var two = KeepAlive()
        Array("max=2".utf8).withUnsafeBytes { two.take($0) }
        #expect(connection.hear(KeepAlive()) && connection.hear(two) && connection.hear(KeepAlive()))
        #expect(!connection.hear(KeepAlive()) && connection.hear(two))
    }

    @Test("a site is forgotten with its last connection")
    func forgotten() {
        var pool = ConnectionPool(most: 16)
        let site = pool.site(key(1))
        let connections = [pool.open(site), pool.open(site)]
        pool.drop(connections[0])
        #expect(pool.siteCount == 1)
        pool.drop(connections[1])
        #expect(pool.siteCount == 0)
    }

    @Test("a site that is used again is not forgotten when others follow it")
    func usedAgain() {
        var pool = ConnectionPool(most: 16)
        let site = pool.site(key(0))
        let first = pool.open(site)
        site.spokeUnasked += 1
        pool.drop(first)
        // The next request reports what was sent, and opens a connection.
        site.spokeUnasked = 0
        let second = pool.open(site)
        for number in UInt64(1)...UInt64(2 * Limits.rememberedSites) {
            let other = pool.site(key(number))
            let connection = pool.open(other)
            other.spokeUnasked += 1
            pool.drop(connection)
        }
        #expect(pool.site(key(0)) === site)
        pool.drop(second)
        #expect(pool.site(key(0)) !== site)
    }
}
