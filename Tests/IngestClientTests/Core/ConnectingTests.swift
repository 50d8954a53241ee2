import IngestClient
import TestSupport
import Testing
import WireProtocol

@Suite("What a publisher decides about connections")
struct ConnectingTests {
    private static let down = IngestError.unreachable(address: "a", reason: "connection refused")
    private static let wrongKey = IngestError.closed(.authFailed, text: "")

    @Test("at the start each address is tried once, without a pause")
    func start() {
        var driver = CoreDriver(servers: 3)
        driver.turn()
        for _ in 0..<3 {
            #expect(driver.startError == nil)
            driver.step(.ended(link: driver.connects.last!.link, ConnectingTests.down))
        }
        #expect(driver.connects.map(\.address) == [0, 1, 2])
        #expect(driver.startError == ConnectingTests.down)
        #expect(driver.isFinished)
    }

    @Test("at the start a wrong key is reported, even if another address is unreachable")
    func permanent() {
        var driver = CoreDriver(servers: 2) { $0.startMilliseconds = 60_000 }
        driver.turn()
        driver.step(.ended(link: 1, ConnectingTests.wrongKey))
        driver.step(.ended(link: 2, ConnectingTests.down))
        #expect(driver.startError == ConnectingTests.wrongKey)
    }

    @Test("a start waits for a server that has no place for a connection, and for nothing else")
    func busyStart() {
        let busy = IngestError.closed(.tooManyConnections, text: "over the connection limit")
        var driver = CoreDriver { $0.busyStartMilliseconds = 60_000 }
        driver.turn()
        driver.step(.ended(link: driver.connects.last!.link, busy))
        #expect(driver.startError == nil)
        driver.passToNextDue()
        #expect(driver.connects.count == 2)
        driver.open()
        #expect(driver.startError == nil && !driver.isFinished)

        var down = CoreDriver { $0.busyStartMilliseconds = 60_000 }
        down.turn()
        down.step(.ended(link: down.connects.last!.link, ConnectingTests.down))
        #expect(down.startError == ConnectingTests.down)

        var hopeless = CoreDriver { $0.busyStartMilliseconds = 1_000 }
        hopeless.turn()
        var tries = 0
        while hopeless.startError == nil, tries < 10_000 {
            tries += 1
            hopeless.step(.ended(link: hopeless.connects.last!.link, busy))
            hopeless.passToNextDue()
        }
        #expect(hopeless.startError == busy)
        #expect(tries > 3)
    }

    @Test("a start with a time limit keeps trying until the limit")
    func patientStart() {
        var driver = CoreDriver { $0.startMilliseconds = 1_000 }
        driver.turn()
        var tries = 0
        while driver.startError == nil, tries < 10_000 {
            tries += 1
            driver.step(.ended(link: driver.connects.last!.link, ConnectingTests.down))
            driver.passToNextDue()
        }
        #expect(driver.startError == ConnectingTests.down)
        #expect(tries > 3)
        #expect(driver.now >= 2_000_000_000)
    }

    @Test(
        "after a first connection not even a wrong key ends the publisher: publications end at their time limit with the reason"
    )
    func laterPermanent() {
        var driver = CoreDriver.opened { $0.patienceMilliseconds = 3_000 }
        driver.step(.ended(link: 1, .lost(reason: "reset")))
        let publication = driver.submit(1...1)
        var tries = 0
        while driver.result(of: publication) == nil, tries < 10_000 {
            tries += 1
            driver.passToNextDue()
            if driver.connects.count > tries {
                driver.step(.ended(link: driver.connects.last!.link, ConnectingTests.wrongKey))
            }
        }
        #expect(driver.connects.count > 3)
        #expect(driver.error(of: publication)?.reason == .timedOut(milliseconds: 3_000, last: ConnectingTests.wrongKey))
        #expect(driver.error(of: publication)?.notStored == 1)
        // And comes back when the key is good again.
        driver.passToNextDue()
        driver.open()
        driver.submit(2...2)
        #expect(driver.sent.count == 1)
    }

    @Test("pauses between attempts are random, and grow up to a maximum", arguments: 1...20)
    func backoff(seed: UInt64) {
        var driver = CoreDriver(seed: seed) {
            $0.startMilliseconds = .max / 2_000_000
            $0.backoffLeastMilliseconds = 10
            $0.backoffMostMilliseconds = 160
        }
        driver.turn()
        var pauses: [Int64] = []
        for _ in 0..<200 {
            let failed = driver.now
            driver.step(.ended(link: driver.connects.last!.link, ConnectingTests.down))
            driver.passToNextDue()
            pauses.append(driver.now - failed)
        }
        for (index, pause) in pauses.enumerated() {
            #expect(pause <= min(160, 10 << Int64(min(index, 4))) * 1_000_000)
        }
        #expect(Set(pauses).count > 150)
        #expect(pauses.max()! > 120_000_000)
    }

    @Test("a connection that answered resets the backoff; one that only opened does not")
    func healthy() {
        var driver = CoreDriver.opened {
            $0.backoffLeastMilliseconds = 1
            $0.backoffMostMilliseconds = 10_000
        }
        // Opens and breaks, again and again.
        for _ in 0..<14 {
            driver.step(.ended(link: driver.connects.last!.link, .lost(reason: "reset")))
            driver.passToNextDue()
            driver.open()
        }
        let before = driver.now
        driver.submit(1...1)
        driver.answer(driver.sent.count - 1)
        driver.step(.ended(link: driver.connects.last!.link, .lost(reason: "reset")))
        driver.passToNextDue()
        #expect(driver.now - before <= 1_000_000)
    }
}
