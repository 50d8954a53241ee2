import Ingest
import NIOCore
import Testing
import Threading
import WebhookModel
import WireProtocol

/// What a session does with valid input, and when limits are exceeded.
@Suite struct SessionTests {
    @Test func framesOfOneReadAreOneBatch() throws {
        var driver = SessionDriver.opened()
        let bytes =
            SessionDriver.publish(5, count: 3) + SessionDriver.publish(6, count: 2, tenants: ["globex", "acme"])
        #expect(driver.send(bytes) == [])
        let batch = try #require(driver.queued.first)
        #expect(driver.queued.count == 1)
        #expect(batch.groups.map(\.token) == [5, 6] && batch.groups.map(\.count) == [3, 2])
        #expect(batch.drafts.map(\.tenant.value) == [1, 1, 1, 2, 1])
        for draft in batch.drafts {
            let record = batch.bytes[draft.span.range]
            let parsed = Array(record).withUnsafeBytes { EventRecord.parse($0) }
            #expect(parsed == .success(draft.record), "the span does not hold the record")
        }
        #expect(driver.commit(77) == ["ACK 5 ACCEPTED ACCEPTED ACCEPTED", "ACK 6 ACCEPTED ACCEPTED"])
    }

    @Test func readsBeforeOneReadCompleteShareABatch() {
        var driver = SessionDriver.opened()
        let bytes = SessionDriver.publish(5) + SessionDriver.publish(6)
        _ = driver.send(Array(bytes[..<150]), readComplete: false)
        _ = driver.send(Array(bytes[150...]))
        #expect(driver.queued.count == 1 && driver.queued[0].groups.count == 2)
    }

    @Test func answersTakeTheShortestForm() throws {
        for (results, form, size) in [
            ([EventResult.accepted, .accepted], 0, 13), ([.busy, .busy], 2, 21), ([.accepted, .duplicate], 1, 29),
        ] {
            var driver = SessionDriver.opened()
            _ = driver.send(SessionDriver.publish(5, count: 2))
            let batch = driver.queued[0]
            for index in results.indices { batch.drafts[index].result = results[index] }
            driver.session.acknowledge(batch, now: driver.now)
            let output = driver.takeOutput()
            #expect(output.readableBytes == FrameHeader.byteCount + size)
            #expect(output.getInteger(at: FrameHeader.byteCount + 12, as: UInt8.self) == UInt8(form))
        }
    }

    @Test func retryAfterIsPartOfTheAnswer() throws {
        var driver = SessionDriver.opened()
        _ = driver.send(SessionDriver.publish(5, count: 2))
        let batch = driver.queued[0]
        batch.drafts[0].result = .throttled
        batch.drafts[0].retryAfter = 250
        batch.drafts[1].result = .accepted
        driver.session.acknowledge(batch, now: driver.now)
        var output = driver.takeOutput()
        try FrameDecoder(bodyLimit: 1_000).readFrames(from: &output) { frame in
            let ack = try? Ack(decoding: frame.body)
            #expect(ack?[0] == EventAnswer(.throttled, retryAfter: 250) && ack?[1] == EventAnswer(.accepted))
            return true
        }
    }

    @Test func refusedEventsDoNotReachTheQueue() {
        var driver = SessionDriver.opened()
        let replies = driver.send(SessionDriver.publish(5, count: 2, tenants: ["nobody"]))
        #expect(replies == ["ACK 5 UNKNOWN_TENANT UNKNOWN_TENANT"])
        #expect(driver.queued.isEmpty)
    }

    @Test func aKeyWithAListAllowsNoOtherTenant() {
        var driver = SessionDriver.opened(key: SessionDriver.key(.only([TenantNumber(2)])))
        _ = driver.send(SessionDriver.publish(5, count: 3, tenants: ["acme", "globex", "nobody"]))
        #expect(driver.commit() == ["ACK 5 FORBIDDEN ACCEPTED FORBIDDEN"])
    }

    @Test func aNewDirectoryAppliesAtOnce() {
        var driver = SessionDriver.opened()
        #expect(driver.send(SessionDriver.publish(5, tenants: ["late"])) == ["ACK 5 UNKNOWN_TENANT"])
        driver.directory = TenantDirectory(
            tenants: [Tenant(number: TenantNumber(3), name: "late")], keys: [SessionDriver.key()])
        #expect(driver.send(SessionDriver.publish(6, tenants: ["late"])) == [])
        #expect(driver.commit() == ["ACK 6 ACCEPTED"])
    }

    @Test func aRemovedKeyClosesItsConnections() {
        var driver = SessionDriver.opened()
        _ = driver.send(SessionDriver.publish(5))
        driver.directory = TenantDirectory(tenants: SessionDriver.tenants, keys: [])
        #expect(driver.send(SessionDriver.publish(6)) == [])
        #expect(driver.commit() == ["ACK 5 ACCEPTED", "CLOSE AUTH_FAILED", "halfClose"])
    }

    @Test func pingIsAnsweredWithTheTime() throws {
        var driver = SessionDriver.opened()
        driver.frame(Ping(opaque: 7, sentAt: 8), id: 9).withUnsafeBytes {
            driver.session.receive($0, now: driver.now, directory: driver.directory)
        }
        var output = driver.takeOutput()
        try FrameDecoder(bodyLimit: 100).readFrames(from: &output) { frame in
            let ping = Ping(opaque: 7, sentAt: 8)
            let expected = Pong(ping: ping, receivedAt: driver.now.wall, answeredAt: driver.now.wall)
            #expect((try? Pong(decoding: frame.body)) == expected && frame.header.requestID == 9)
            return true
        }
    }

    // MARK: Window and floods

    @Test func theWindowIsInclusiveInEvents() {
        var configuration = IngestConfiguration()
        configuration.windowEvents = 5
        var driver = SessionDriver.opened(configuration)
        #expect(driver.send(SessionDriver.publish(5, count: 5)) == [])
        #expect(driver.commit().count == 1)
        _ = driver.send(SessionDriver.publish(6, count: 4))
        #expect(driver.send(SessionDriver.publish(7, count: 2)) == [], "what was taken is answered first")
        #expect(driver.queued.count == 1)
        #expect(
            driver.commit() == [
                "ACK 6 ACCEPTED ACCEPTED ACCEPTED ACCEPTED", "CLOSE WINDOW_EXCEEDED", "halfClose",
            ])
    }

    @Test func theWindowIsInclusiveInBytes() {
        var configuration = IngestConfiguration()
        configuration.windowBytes = 2 * (SessionDriver.publish(5).count - FrameHeader.byteCount)
        var driver = SessionDriver.opened(configuration)
        #expect(driver.send(SessionDriver.publish(5) + SessionDriver.publish(6)) == [])
        #expect(driver.commit().count == 2)
        #expect(driver.send(SessionDriver.publish(5) + SessionDriver.publish(6) + SessionDriver.publish(7)) == [])
        #expect(driver.commit() == ["ACK 5 ACCEPTED", "ACK 6 ACCEPTED", "CLOSE WINDOW_EXCEEDED", "halfClose"])
    }

    @Test func aFloodOfControlFramesClosesTheConnection() {
        var driver = SessionDriver.opened()
        let ping = driver.frame(Ping(opaque: 0, sentAt: 0))
        #expect(driver.send((0..<100).flatMap { _ in ping }).count == 100)
        _ = driver.wait(milliseconds: 1_000)
        let replies = driver.send((0..<101).flatMap { _ in ping })
        #expect(replies.suffix(2) == ["CLOSE TOO_MANY_CONTROL_FRAMES", "halfClose"])
    }

    // MARK: Endings

    @Test func aBrokenHeaderIsReportedAfterTheAnswers() {
        var driver = SessionDriver.opened()
        #expect(driver.send(SessionDriver.publish(5) + [UInt8](repeating: 0xFF, count: 24)) == [])
        #expect(!driver.session.wantsRead)
        #expect(driver.commit() == ["ACK 5 ACCEPTED", "CLOSE HEADER_CORRUPT", "halfClose"])
        #expect(driver.session.wantsRead, "reads on so that no reset takes the answers")
        #expect(driver.send(SessionDriver.publish(6)) == [])
        #expect(driver.wait(milliseconds: 2_000) == ["abort"])
    }

    @Test func afterTheClientsEndItsAnswersAreSent() {
        var driver = SessionDriver.opened()
        _ = driver.send(SessionDriver.publish(5))
        driver.session.inputEnded(now: driver.now)
        #expect(driver.replies() == [])
        #expect(driver.commit() == ["ACK 5 ACCEPTED", "halfClose"])
    }

    @Test func afterTheClientsCloseItsAnswersAreSent() {
        var driver = SessionDriver.opened()
        let close = driver.frame(Close(.accepted, text: "done"))
        #expect(driver.send(SessionDriver.publish(5) + close + SessionDriver.publish(6)) == [])
        #expect(driver.commit() == ["ACK 5 ACCEPTED", "halfClose"])
    }

    @Test func thePeersEndDoesNotStopItsLastAnswers() {
        var driver = SessionDriver.opened()
        #expect(driver.send([UInt8](repeating: 1, count: 24)) == ["CLOSE HEADER_CORRUPT", "halfClose"])
        driver.session.inputEnded(now: driver.now)
        #expect(driver.replies() == ["close"])
        #expect(driver.wait(milliseconds: 2_000) == ["abort"])
    }

    @Test func aConnectionOverTheLimitGetsAReason() {
        var driver = SessionDriver()
        driver.session.refuseAdmission(now: driver.now)
        #expect(driver.replies() == ["preface", "CLOSE TOO_MANY_CONNECTIONS", "close"])
    }
}
