import IngestClient
import TestSupport
import Testing
import WebhookModel
import WireProtocol

@Suite("What a publisher decides about events")
struct PublisherCoreTests {
    @Test("waiting publications share one frame, and its ACK ends each of them")
    func frames() {
        var driver = CoreDriver(servers: 1)
        driver.turn()
        let publications = [driver.submit(1...3), driver.submit(4...4), driver.submit(5...9)]
        #expect(driver.sent.isEmpty)
        driver.open()
        #expect(driver.sent.map(\.ids) == [(1...9).map { Events.make($0).id }])
        driver.answer(0, commit: 7)
        for publication in publications {
            let receipts = driver.receipts(of: publication)
            #expect(receipts?.count == publication.count)
            #expect(receipts?.allSatisfy { $0.status == .accepted && $0.commit == 7 } == true)
        }
        #expect(driver.core.space.events == 0)
        #expect(driver.core.metrics.stored == 9)
    }

    @Test("limits of frame and window are kept, in events and in bytes")
    func limits() {
        let size = Events.make(1).recordBytes + 4
        var driver = CoreDriver.opened(
            welcome: FrameServer.welcome(
                frameBytes: UInt32(4 + 3 * size), windowEvents: 7, windowBytes: UInt64(100 * size)))
        driver.submit(1...9)
        #expect(driver.sent.map(\.count) == [3, 3, 1])
        driver.answer(1)
        #expect(driver.sent.map(\.count) == [3, 3, 1, 2])

        var narrow = CoreDriver.opened(welcome: FrameServer.welcome(windowBytes: UInt64(5 + 2 * size)))
        narrow.submit(1...5)
        #expect(narrow.sent.map(\.count) == [2])
    }

    @Test("an empty window admits one event of any size")
    func largeEvent() {
        var driver = CoreDriver.opened(welcome: FrameServer.welcome(windowBytes: 10))
        driver.submit(1...2)
        #expect(driver.sent.map(\.count) == [1])
        driver.answer(0)
        #expect(driver.sent.map(\.count) == [1, 1])
    }

    @Test("after a lost connection unanswered events are sent again: same ids, same order, before newer events")
    func resend() {
        var driver = CoreDriver.opened(welcome: FrameServer.welcome(eventsPerFrame: 2))
        driver.submit(1...5)
        driver.answer(1)
        driver.step(.ended(link: driver.sent[0].link, .lost(reason: "reset")))
        driver.submit(6...6)
        driver.passToNextDue()
        #expect(driver.connects.count == 2)
        let before = driver.sent.count
        driver.open()
        let again = driver.sent.dropFirst(before).flatMap(\.ids)
        #expect(again == [1, 2, 5, 6].map { Events.make($0).id })
        #expect(driver.core.metrics.resent == 3)
        #expect(driver.core.metrics.lostConnections == 1)
        guard driver.notices.count == 3, driver.notices[0] == .connected(address: "server-0:7400"),
            case .lost("server-0:7400", .lost(reason: "reset"), wasOpen: true, _) = driver.notices[1]
        else { return #expect(Bool(false), "\(driver.notices)") }
    }

    @Test("after GOAWAY nothing new is sent there, and nothing elsewhere before its last answer")
    func goAway() {
        var driver = CoreDriver.opened(servers: 2)
        driver.submit(1...3)
        let link = driver.sent[0].link
        driver.step(
            .askedToLeave(link: link, GoAway(graceMilliseconds: 5_000, spreadMilliseconds: 400, reason: "deploy")))
        driver.submit(4...4)
        #expect(driver.sent.count == 1)
        let asked = driver.now
        driver.passToNextDue()
        #expect(driver.now - asked <= 400_000_000)
        #expect(driver.connects.map(\.address) == [0, 1])
        driver.open()
        #expect(driver.sent.count == 1)
        driver.answer(0)
        #expect(driver.left == [link])
        #expect(driver.sent.map(\.count) == [3, 1])
        #expect(driver.sent[1].link != link)
    }

    @Test("after GOAWAY an idle connection is closed at once, one with unanswered requests when its grace ends")
    func grace() {
        var idle = CoreDriver.opened()
        let goAway = GoAway(graceMilliseconds: 1_000, spreadMilliseconds: 0, reason: "")
        idle.step(.askedToLeave(link: 1, goAway))
        #expect(idle.left == [1])

        var owing = CoreDriver.opened()
        owing.submit(1...2)
        owing.step(.askedToLeave(link: 1, goAway))
        owing.open()
        owing.pass(milliseconds: 999)
        #expect(owing.left == [])
        owing.pass(milliseconds: 1)
        #expect(owing.left == [1])
        #expect(owing.sent.map(\.count) == [2, 2])
        #expect(owing.sent[1].ids == owing.sent[0].ids)
    }

    @Test("a THROTTLED event is sent again after its time, and other events have their receipts")
    func throttled() {
        var driver = CoreDriver.opened()
        let publication = driver.submit(1...3)
        driver.answer(
            0, .each([EventAnswer(.accepted), EventAnswer(.throttled, retryAfter: 300), EventAnswer(.unknownTenant)]))
        driver.pass(milliseconds: 299)
        #expect(driver.sent.count == 1)
        driver.pass(milliseconds: 1)
        #expect(driver.sent.map(\.ids).last == [Events.make(2).id])
        driver.answer(1, commit: 9)
        #expect(driver.receipts(of: publication)?.map(\.status) == [.accepted, .accepted, .unknownTenant])
        #expect(driver.receipts(of: publication)?.map(\.commit) == [1, 9, 0])
    }

    @Test("an answer \"send again\" whose time is after the time limit is the receipt at once")
    func tooLateToRetry() {
        var driver = CoreDriver.opened { $0.patienceMilliseconds = 1_000 }
        let publication = driver.submit(1...2)
        driver.answer(0, .all(EventAnswer(.storageFull, retryAfter: 1_000)))
        #expect(driver.receipts(of: publication)?.map(\.status) == [.storageFull, .storageFull])
        #expect(driver.core.nextDue == nil)
    }

    @Test("at the time limit an event that waits to be sent again gets its last answer as its receipt")
    func postponedAtTheEnd() {
        var driver = CoreDriver.opened { $0.patienceMilliseconds = 1_000 }
        let publication = driver.submit(1...1)
        driver.answer(0, .all(EventAnswer(.busy, retryAfter: 900)))
        driver.step(.ended(link: 1, .lost(reason: "reset")))
        driver.pass(milliseconds: 1_000)
        #expect(driver.receipts(of: publication)?.map(\.status) == [.busy])
    }

    @Test("DRAINING sends an event to another server")
    func draining() {
        var driver = CoreDriver.opened(servers: 2)
        let publication = driver.submit(1...2)
        driver.answer(0, .each([EventAnswer(.accepted), EventAnswer(.draining)]))
        driver.passToNextDue()
        #expect(driver.connects.map(\.address) == [0, 1])
        driver.open()
        #expect(driver.sent.map(\.ids).last == [Events.make(2).id])
        driver.answer(1)
        #expect(driver.receipts(of: publication)?.map(\.status) == [.accepted, .accepted])
    }

    @Test("at the time limit the error says what was sent, what was not, and the reason")
    func deadline() {
        var driver = CoreDriver.opened(welcome: FrameServer.welcome(windowEvents: 2)) { $0.patienceMilliseconds = 500 }
        let publication = driver.submit(1...3)
        driver.step(.ended(link: 1, .lost(reason: "reset")))
        driver.pass(milliseconds: 499)
        #expect(driver.result(of: publication) == nil)
        driver.pass(milliseconds: 1)
        let error = driver.error(of: publication)
        #expect(error?.reason == .timedOut(milliseconds: 500, last: .lost(reason: "reset")))
        #expect(error?.inDoubt == 2)
        #expect(error?.notStored == 1)
        #expect(error?.receipts == [nil, nil, nil])
        #expect(driver.core.space.events == 0)
    }

    @Test("a cancelled call gets the known state, and a late answer frees the window")
    func cancelled() {
        var driver = CoreDriver.opened(welcome: FrameServer.welcome(eventsPerFrame: 1, windowEvents: 2))
        let publication = driver.submit(1...3)
        driver.answer(0)
        driver.step(.withdrawn(publication))
        let error = driver.error(of: publication)
        #expect(error?.reason == .cancelled)
        #expect(error?.receipts.map { $0?.status } == [.accepted, nil, nil])
        #expect(error?.inDoubt == 2)
        driver.submit(4...4)
        #expect(driver.sent.count == 3)
        driver.answer(1)
        driver.answer(2)
        #expect(driver.sent.count == 4)
        #expect(driver.ends[ObjectIdentifier(publication)]?.count == 1)
    }

    @Test("when the publisher is full calls wait in order, and a larger one is admitted alone")
    func full() {
        var driver = CoreDriver.opened { $0.bufferedEvents = 4 }
        driver.submit(1...4)
        let large = driver.submit(5...10)
        let small = driver.submit(11...11)
        #expect(driver.admitted == [])
        #expect(driver.core.metrics.waitingCalls == 2)
        driver.answer(0)
        #expect(driver.admitted == [ObjectIdentifier(large)])
        driver.answer(1)
        #expect(driver.admitted == [large, small].map(ObjectIdentifier.init))
        driver.answer(2)
        #expect(driver.core.space.events == 0)
    }

    // The first six calls stay: with space for four, two of them wait, and later ones wait behind them.
    @Test("calls that end while nothing can be sent leave nothing behind, admitted or waiting", arguments: [1_000, 4])
    func nothingPilesUp(bufferedEvents: Int) {
        var driver = CoreDriver.opened { $0.bufferedEvents = bufferedEvents }
        driver.step(.ended(link: 1, .lost(reason: "reset")))
        var most = 0
        for number in 1...10_000 {
            let publication = driver.submit(number...number)
            if number > 6 { driver.step(.withdrawn(publication)) }
            most = max(most, driver.core.queued)
        }
        #expect(most <= 100, "\(most)")
        #expect(driver.core.metrics.waitingCalls == max(0, 6 - bufferedEvents))
    }

    // Each call used to cost a pass over all waiting calls: 50,000 take about 1.25 billion comparisons.
    @Test("many waiting calls begin and end in time in proportion to their number")
    func manyWaitingCallsEnd() {
        let count = 50_000
        var driver = CoreDriver.opened { $0.bufferedEvents = 1 }
        driver.submit(1...1)
        var waiting: [Publication] = []
        let elapsed = ContinuousClock().measure {
            waiting = (1...count).map { driver.submit($0...$0, turns: false) }
            driver.turn()
            for publication in waiting.reversed() { driver.take(.withdrawn(publication)) }
            driver.turn()
        }
        #expect(driver.core.metrics.waitingCalls == 0)
        #expect(waiting.allSatisfy { driver.ends[ObjectIdentifier($0)]?.count == 1 })
        #expect(elapsed < .seconds(2), "\(elapsed)")
    }

    @Test("linger: less than a frame waits its time, a whole frame does not")
    func linger() {
        var driver = CoreDriver.opened {
            $0.lingerMilliseconds = 5
            $0.frameEvents = 3
        }
        driver.submit(1...2)
        driver.pass(milliseconds: 4)
        #expect(driver.sent.isEmpty)
        driver.passToNextDue()
        #expect(driver.sent.map(\.count) == [2])
        driver.submit(3...3)
        driver.submit(4...6)
        #expect(driver.sent.map(\.count) == [2, 3])
        driver.pass(milliseconds: 5)
        #expect(driver.sent.map(\.count) == [2, 3, 1])
    }

    @Test("close waits for answers, then ends the others with an error")
    func close() {
        var quick = CoreDriver.opened()
        let answered = quick.submit(1...1)
        quick.step(.closing(graceMilliseconds: 100))
        #expect(!quick.isFinished)
        quick.answer(0)
        #expect(quick.isFinished)
        #expect(quick.left == [1])
        #expect(quick.receipts(of: answered)?.count == 1)

        var slow = CoreDriver.opened()
        let unanswered = slow.submit(1...2)
        slow.step(.closing(graceMilliseconds: 100))
        slow.passToNextDue()
        #expect(slow.isFinished)
        #expect(slow.error(of: unanswered)?.reason == .closed)
        #expect(slow.error(of: unanswered)?.inDoubt == 2)
        let late = slow.submit(3...3)
        #expect(slow.error(of: late)?.notStored == 1)
    }

    @Test("an event that the protocol cannot carry is refused by the client")
    func refusedHere() {
        var driver = CoreDriver.opened(welcome: FrameServer.welcome(eventBytes: 30))
        var events = (1...3).map { Events.make($0) }
        events[0].payload = [UInt8](repeating: 0x20, count: 31)
        events[2].type = String(repeating: "x", count: 65_536)
        let publication = Publication(events, submittedAt: driver.now)
        publication.isAdmitted = true
        driver.step(.submitted(publication))
        driver.answer(0)
        #expect(driver.receipts(of: publication)?.map(\.status) == [.tooLarge, .accepted, .malformed])
    }
}
