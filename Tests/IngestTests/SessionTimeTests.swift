import Ingest
import Testing
import WireProtocol

/// Deadlines, pauses and draining, by stepping the time.
@Suite struct SessionTimeTests {
    @Test func anIncompletePrefaceEndsTheConnection() {
        var driver = SessionDriver()
        _ = driver.send(Array(Preface.bytes[..<7]))
        #expect(driver.wait(milliseconds: 4_999) == [])
        #expect(driver.wait(milliseconds: 1) == ["abort"])
    }

    @Test func aHelloThatIsTooSlowEndsTheConnection() {
        var driver = SessionDriver()
        let hello = driver.frame(Hello(apiKey: "key-of-acme", clientName: "slower"))
        #expect(driver.send(Preface.bytes) == ["preface"])
        for byte in hello.prefix(49) {
            _ = driver.send([byte])
            #expect(driver.wait(milliseconds: 100) == [])
        }
        #expect(driver.wait(milliseconds: 100) == ["CLOSE TIMEOUT", "halfClose"])
    }

    @Test func aWrongKeyIsAnsweredAfterADelay() {
        var driver = SessionDriver()
        let hello = driver.frame(Hello(apiKey: "wrong", clientName: "test"))
        #expect(driver.send(Preface.bytes + hello) == ["preface"])
        #expect(!driver.session.wantsRead && !driver.session.isAuthenticated)
        #expect(driver.wait(milliseconds: 499) == [])
        #expect(driver.wait(milliseconds: 1) == ["CLOSE AUTH_FAILED", "halfClose"])
    }

    @Test func halfAHeaderEndsTheConnection() {
        var driver = SessionDriver.opened()
        _ = driver.send(Array(SessionDriver.publish(5)[..<12]))
        #expect(driver.wait(milliseconds: 4_999) == [])
        #expect(driver.wait(milliseconds: 1) == ["CLOSE TIMEOUT", "halfClose"])
    }

    @Test func aBodyBelowTheLeastRateEndsTheConnection() {
        var driver = SessionDriver.opened()
        let frame = SessionDriver.publish(5, payload: 65_536)
        _ = driver.send(Array(frame[..<1_000]))
        // 2 s of grace and 2 s for 64 KiB at 32 KiB/s, and a little for the rest of the frame.
        for _ in 0..<40 {
            #expect(driver.wait(milliseconds: 100) == [])
            _ = driver.send([0])
        }
        #expect(driver.wait(milliseconds: 100) == ["CLOSE TIMEOUT", "halfClose"])
    }

    @Test func anIdleConnectionEndsUnlessAnAnswerIsPending() {
        var driver = SessionDriver.opened()
        _ = driver.send(SessionDriver.publish(5))
        #expect(driver.wait(milliseconds: 120_000) == [])
        #expect(driver.commit() == ["ACK 5 ACCEPTED"])
        #expect(driver.send(driver.frame(Ping(opaque: 0, sentAt: 0))) == ["PONG 0"])
        #expect(driver.wait(milliseconds: 59_999) == [])
        #expect(driver.wait(milliseconds: 1) == ["CLOSE TIMEOUT", "halfClose"])
    }

    @Test func timeInWhichTheServerDoesNotReadIsNotCounted() {
        var driver = SessionDriver.opened()
        _ = driver.send(SessionDriver.publish(5) + SessionDriver.publish(6)[..<12])
        driver.session.hold()
        #expect(!driver.session.wantsRead)
        #expect(driver.wait(milliseconds: 20_000) == [])
        driver.session.release(now: driver.now)
        #expect(driver.session.wantsRead)
        #expect(driver.wait(milliseconds: 4_999) == [])
        #expect(driver.wait(milliseconds: 1) == [], "an answer is owed first")
        #expect(driver.commit() == ["ACK 5 ACCEPTED", "CLOSE TIMEOUT", "halfClose"])
    }

    @Test func aPeerThatDoesNotReadItsAnswersIsCutOff() {
        var driver = SessionDriver.opened()
        driver.session.outputIsBlocked(true, now: driver.now)
        #expect(!driver.session.wantsRead)
        #expect(driver.wait(milliseconds: 29_999) == [])
        driver.session.outputIsBlocked(false, now: driver.now)
        #expect(driver.session.wantsRead)
        driver.session.outputIsBlocked(true, now: driver.now)
        #expect(driver.wait(milliseconds: 29_999) == [])
        #expect(driver.wait(milliseconds: 1) == ["abort"])
        #expect(driver.session.hasEnded)
    }

    @Test func anEndingConnectionDoesNotWaitForeverForItsAnswers() {
        var driver = SessionDriver.opened()
        _ = driver.send(SessionDriver.publish(5) + [UInt8](repeating: 1, count: 24))
        #expect(driver.wait(milliseconds: 29_999) == [])
        #expect(driver.wait(milliseconds: 1) == ["abort"])
    }

    @Test func aSlowReaderGetsItsLastAnswers() {
        var driver = SessionDriver.opened()
        driver.sendsOutput = false
        #expect(driver.send([UInt8](repeating: 1, count: 24)) == ["CLOSE HEADER_CORRUPT", "halfClose"])
        #expect(driver.wait(milliseconds: 20_000) == [])
        driver.session.outputIsSent(now: driver.now)
        #expect(driver.wait(milliseconds: 1_999) == [])
        #expect(driver.wait(milliseconds: 1) == ["abort"])
    }

    // MARK: Draining

    @Test func drainingAnswersAcceptedEventsAndRefusesLaterOnes() {
        var driver = SessionDriver.opened()
        _ = driver.send(SessionDriver.publish(5))
        driver.session.beginDraining(graceMilliseconds: 5_000, now: driver.now)
        #expect(driver.replies() == ["GOAWAY"])
        #expect(driver.send(SessionDriver.publish(6, count: 2)) == ["ACK 6 DRAINING DRAINING"])
        #expect(driver.wait(milliseconds: 1_000) == [], "an answer is owed")
        #expect(driver.commit() == ["ACK 5 ACCEPTED"])
        #expect(driver.wait(milliseconds: 1) == ["CLOSE DRAINING", "halfClose"])
    }

    @Test func drainingEndsWithTheGrace() {
        var driver = SessionDriver.opened()
        driver.session.beginDraining(graceMilliseconds: 1_000, now: driver.now)
        #expect(driver.replies() == ["GOAWAY"])
        for id in 0..<10 {
            #expect(driver.send(SessionDriver.publish(UInt64(id))) == ["ACK \(id) DRAINING"])
            #expect(driver.wait(milliseconds: 100) == (id < 9 ? [] : ["CLOSE DRAINING", "halfClose"]))
        }
    }

    @Test func drainingRefusesNewConnections() {
        var strange = SessionDriver()
        strange.session.beginDraining(graceMilliseconds: 1_000, now: strange.now)
        #expect(strange.replies() == ["abort"])
        var greeting = SessionDriver()
        #expect(greeting.send(Preface.bytes) == ["preface"])
        greeting.session.beginDraining(graceMilliseconds: 1_000, now: greeting.now)
        #expect(greeting.replies() == ["CLOSE DRAINING", "halfClose"])
    }
}
