import Sender
import Testing
import WebhookModel

/// One HTTP/2 connection without a socket: what is sent, what counts as an answer, what may be sent again.
@Suite("HTTP/2 session")
struct HTTP2SessionTests {
    private func only(_ bench: SessionBench) throws -> StreamEnd {
        let ends = bench.session.takeEnded()
        try #require(ends.count == 1)
        return ends[0]
    }

    @Test("a request has its fields in lower case, its own first, and its body")
    func request() throws {
        let bench = SessionBench.opened()
        #expect(bench.begin() == 1)
        let frames = bench.frames()
        try #require(frames.map(\.type) == [1, 0])
        #expect(
            bench.fields(of: frames[0]) == [
                ":method: POST", ":scheme: https", ":authority: hooks.example", ":path: /in?x=1",
                "user-agent: Needletail/test", "accept: */*", "x-own: Value", "webhook-id: evt_1", "content-length: 2",
            ])
        #expect(frames[1].payload == Array("{}".utf8) && frames[1].flags & 1 == 1)
    }

    @Test("only fields that all requests to a host share enter the table of fields")
    func headerTable() throws {
        let bench = SessionBench.opened()
        bench.begin(1)
        let first = bench.frames()[0]
        _ = bench.fields(of: first)
        bench.begin(2)
        let second = bench.frames()[0]
        #expect(second.payload.count < first.payload.count)
        // A literal that is never indexed begins with 0001.
        #expect(bench.fields(of: second).contains("x-own: Value"))
        #expect(second.payload.contains { $0 & 0xF0 == 0x10 })
    }

    @Test("answers come in any order and name their requests")
    func order() throws {
        let bench = SessionBench.opened()
        for token in 1...3 { bench.begin(token) }
        bench.serve(
            .answer(5, 204), .headers(1, [(":status", "500"), ("x-why", "it broke")]), .data(1, "sorry", end: true),
            .answer(3, length: 2, end: false), .data(3, "ok", end: true))
        let ends = bench.session.takeEnded()
        try #require(ends.map(\.token) == [3, 1, 2])
        #expect(ends.map(\.status) == [204, 500, 200])
        #expect(ends.allSatisfy { $0.result == .whole })
        #expect(ends[1].excerpt == Array("sorry".utf8) && ends[1].headers == Array("x-why: it broke\n".utf8))
        #expect(ends[2].excerpt.isEmpty && bench.session.openStreams == 0 && bench.session.hasAnswered)
    }

    @Test("interim answers and trailers are not the answer")
    func interim() throws {
        let bench = SessionBench.opened()
        bench.begin()
        bench.serve(
            .headers(1, [(":status", "103"), ("retry-after", "9")]),
            .headers(1, [(":status", "503"), ("retry-after", "7")]), .data(1, "x"),
            .headers(1, [("retry-after", "1")], end: true))
        let end = try only(bench)
        #expect(end.status == 503 && end.retryAfter == .seconds(7) && end.result == .whole)
    }

    @Test(
        "an answer that is cut off is not whole",
        arguments: [
            ("cancelled", [Served.answer(1, end: false), .data(1, "ha"), .reset(1, 8)], StreamEnd.Result.broken),
            ("no error, no length", [.answer(1, end: false), .data(1, "ha"), .reset(1, 0)], .broken),
            ("no error, only a status", [.answer(1, end: false), .reset(1, 0)], .broken),
            (
                "no error, short of its length", [.answer(1, length: 9, end: false), .data(1, "ha"), .reset(1, 0)],
                .broken
            ),
            ("no error, nothing", [.reset(1, 0)], .broken),
            ("short of its length, ended", [.answer(1, length: 9, end: false), .data(1, "ha", end: true)], .malformed),
            ("longer than its length", [.answer(1, length: 1, end: false), .data(1, "haha", end: true)], .malformed),
            (
                "two lengths", [.headers(1, [(":status", "200"), ("content-length", "1"), ("content-length", "2")])],
                .malformed
            ),
            ("no status", [.headers(1, [("x", "y")], end: true)], .malformed),
            ("a switch of protocols", [.headers(1, [(":status", "101")])], .malformed),
        ])
    func cutOff(name: String, frames: [Served], result: StreamEnd.Result) throws {
        let bench = SessionBench.opened()
        bench.begin()
        bench.receive(frames.flatMap(\.bytes))
        #expect(try only(bench).result == result, "\(name)")
    }

    @Test("a reset with NO_ERROR after all bytes of the answer ends it (RFC 9113, 8.1)")
    func resetAfterAnswer() throws {
        for frames in [
            [Served.answer(1, length: 2, end: false), .data(1, "ok"), .reset(1, 0)],
            [.answer(1, length: 0, end: false), .reset(1, 0)], [.answer(1, 204, end: false), .reset(1, 0)],
        ] {
            let bench = SessionBench.opened()
            bench.begin()
            bench.receive(frames.flatMap(\.bytes))
            let end = try only(bench)
            #expect(end.result == .whole && end.status / 100 == 2)
        }
    }

    @Test("after its whole answer a server may stop the upload with NO_ERROR")
    func stoppedUpload() throws {
        let bench = SessionBench.opened(window: 10)
        bench.begin(body: [UInt8](repeating: 0x20, count: 100))
        bench.serve(.answer(1, length: 2, end: false), .data(1, "ok", end: true))
        #expect(bench.session.takeEnded().isEmpty, "the rest of the request is not sent yet")
        bench.serve(.reset(1, 0))
        #expect(try only(bench).result == .whole)
    }

    @Test("an answer that is no success ends the upload")
    func refusedUpload() throws {
        let bench = SessionBench.opened(window: 10)
        bench.begin(body: [UInt8](repeating: 0x20, count: 100))
        bench.serve(.answer(1, 413))
        let end = try only(bench)
        #expect(end.result == .whole && end.status == 413)
        #expect(bench.frames().contains { $0.type == 3 && $0.stream == 1 })
    }

    @Test("a success counts when the socket took the whole request, and not when the connection breaks before")
    func earlyAnswer() throws {
        for breaks in [false, true] {
            let bench = SessionBench.opened()
            bench.isBlocked = true
            bench.begin()
            bench.serve(.answer(1))
            #expect(bench.session.takeEnded().isEmpty)
            if breaks {
                #expect(bench.session.takeRest().map(\.result) == [.broken])
            } else {
                bench.isBlocked = false
                _ = bench.frames()
                #expect(try only(bench).result == .whole)
            }
        }
    }

    @Test("a request that is given up after its early answer is nobody's when the rest of it is sent")
    func earlyAndGivenUp() throws {
        let bench = SessionBench.opened()
        bench.isBlocked = true
        let stream = try #require(bench.begin())
        bench.serve(.answer(1))
        let end = try #require(bench.session.giveUp(stream))
        #expect(end.outcome(breakage: .timedOut) == .timedOut)
        bench.isBlocked = false
        _ = bench.frames()
        #expect(bench.session.takeEnded().isEmpty && bench.session.takeRest().isEmpty)
    }

    @Test("the header section decides if the server got the whole request, or its answer is no success")
    func decided() throws {
        for (status, isBlocked, outcome) in [
            (200, false, Outcome.delivered), (200, true, .connectionReset), (410, false, .gone), (410, true, .gone),
        ] {
            for frames in [[Served.reset(1, 2)], [.data(1, String(repeating: "a", count: 10), end: true)]] {
                let bench = SessionBench.opened()
                bench.isBlocked = isBlocked
                bench.begin()
                bench.serve(.answer(1, status, length: 9, end: false))
                #expect(bench.session.takeDecided() == [1] && bench.session.takeDecided().isEmpty)
                bench.receive(frames.flatMap(\.bytes))
                let ends = bench.session.takeEnded() + bench.session.takeRest()
                #expect(ends.map { $0.outcome(breakage: .connectionReset) } == [outcome])
                #expect(ends.allSatisfy { $0.isIncomplete })
            }
        }
        let bench = SessionBench.opened(window: 1)
        bench.begin()
        bench.serve(.answer(1, 200, length: 9, end: false))
        #expect(bench.session.takeRest().map { $0.outcome(breakage: .connectionReset) } == [.connectionReset])
    }

    @Test("a body is sent as far as the server's windows allow, and the rest when they open")
    func windows() throws {
        let bench = SessionBench.opened(window: 10)
        let body = (0..<100).map { UInt8($0) }
        bench.begin(body: body)
        var received = bench.frames().filter { $0.type == 0 }.flatMap(\.payload)
        #expect(received == Array(body[..<10]))
        bench.serve(.window(1, 50))
        received += bench.frames().flatMap(\.payload)
        #expect(received.count == 60)
        bench.serve(.window(1, 50))
        let last = bench.frames()
        #expect(received + last.flatMap(\.payload) == body && last.last?.flags == 1)
    }

    @Test("streams are as many as the server allows: 100 before its settings, then what they say")
    func concurrency() {
        let bench = SessionBench()
        #expect(bench.session.room == Limits.streamsBeforeSettings)
        bench.serve(.settings(streams: 2))
        #expect(bench.begin(1) == 1 && bench.begin(2) == 3 && bench.begin(3) == nil)
        bench.serve(.answer(1))
        #expect(bench.session.room == 1)
        bench.serve(.settings(streams: 100_000))
        #expect(bench.session.room == Limits.streamsPerConnection - 1)
    }

    @Test("GOAWAY: later requests were not processed, earlier ones are answered, none begins any more")
    func goAway() throws {
        let bench = SessionBench.opened()
        for token in 1...3 { bench.begin(token) }
        #expect(bench.serve(.goAway(last: 1)))
        #expect(
            Set(bench.session.takeEnded().map { "\($0.token) \($0.result)" }) == ["2 unprocessed", "3 unprocessed"])
        #expect(bench.session.isDraining && bench.begin(4) == nil)
        bench.serve(.answer(1))
        let end = try only(bench)
        #expect(end.token == 1 && end.result == .whole && bench.session.openStreams == 0)
    }

    @Test("a GOAWAY in two steps, as nginx and Envoy send it, loses no request")
    func gracefulGoAway() throws {
        let bench = SessionBench.opened()
        bench.begin(1)
        bench.begin(2)
        bench.serve(.goAway(last: 0x7FFF_FFFF))
        #expect(bench.session.takeEnded().isEmpty && bench.session.room == 0)
        bench.serve(.goAway(last: 1))
        let end = try only(bench)
        #expect(end.token == 2 && end.result == .unprocessed)
        _ = bench.frames()
        bench.serve(.answer(1))
        #expect(try only(bench).token == 1)
    }

    @Test("a refused request was not processed; the connection gets fewer at a time, and one more after each round")
    func refused() throws {
        let bench = SessionBench.opened()
        for token in 1...4 { bench.begin(token) }
        _ = bench.frames()
        bench.serve(.reset(5, 7), .reset(7, 7))
        #expect(bench.session.takeEnded().map(\.result) == [.unprocessed, .unprocessed])
        #expect(bench.session.room == 0, "two are open, and two are what it takes")
        bench.serve(.answer(1), .answer(3))
        _ = bench.session.takeEnded()
        #expect(bench.session.room == 3)
    }

    @Test("a request that was refused after its answer had begun was processed")
    func refusedLate() throws {
        let bench = SessionBench.opened()
        bench.begin()
        bench.serve(.answer(1, end: false), .reset(1, 7))
        #expect(try only(bench).result == .broken)
    }

    @Test("a server may ask for HTTP/1.1")
    func http1Required() throws {
        let bench = SessionBench.opened()
        bench.begin()
        bench.serve(.reset(1, 13))
        #expect(try only(bench).result == .needsHTTP1)
    }

    @Test("an abandoned request is reset, and its late answer is nobody's")
    func abandoned() {
        let bench = SessionBench.opened()
        let stream = bench.begin()!
        _ = bench.frames()
        bench.session.giveUp(stream)
        #expect(bench.frames().map(\.type) == [3] && bench.session.openStreams == 0)
        #expect(bench.serve(.answer(1, 200)))
        #expect(bench.session.takeEnded().isEmpty)
    }

    @Test("PING is answered, and ours finds out whether the server lives")
    func ping() {
        let bench = SessionBench.opened()
        bench.serve(.ping)
        #expect(bench.frames() == [.init(type: 6, flags: 1, stream: 0, payload: [UInt8](repeating: 7, count: 8))])
        bench.session.ping()
        #expect(bench.session.awaitsPong && bench.frames().map(\.type) == [6])
        bench.serve(.pong)
        #expect(!bench.session.awaitsPong)
    }

    @Test("frames may be cut anywhere")
    func pieces() throws {
        let bench = SessionBench.opened()
        bench.begin()
        _ = bench.frames()
        for byte in [Served.ping, .answer(1, 202, length: 2, end: false), .data(1, "ok", end: true)].flatMap(\.bytes) {
            #expect(bench.receive([byte]))
        }
        let end = try only(bench)
        #expect(end.status == 202 && end.result == .whole)
    }

    @Test("the ends of open requests come when the connection breaks, whatever was received of their answers")
    func broken() {
        let bench = SessionBench.opened()
        bench.begin(1)
        bench.begin(2)
        bench.serve(.answer(3, 404, end: false))
        let ends = bench.session.takeRest()
        #expect(ends.map(\.result) == [.broken, .broken] && ends.map(\.status) == [0, 404])
        #expect(bench.session.room == 0 && bench.session.openStreams == 0)
    }
}
