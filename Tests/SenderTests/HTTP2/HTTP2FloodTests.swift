import Sender
import Testing
import WebhookModel

/// HTTP/2 servers that send without end or break the protocol: each costs a bounded number of bytes and frames.
@Suite("HTTP/2 floods")
struct HTTP2FloodTests {
    /// Sends the frames again and again; the number of times until the connection was given up, or nil.
    private func flood(_ bench: SessionBench, most: Int = 100_000, _ frames: Served...) -> Int? {
        let bytes = frames.flatMap(\.bytes)
        for round in 1...most where !bench.receive(bytes) { return round }
        return nil
    }

    @Test(
        "frames without content are bounded",
        arguments: [
            ("PING", Served.ping), ("SETTINGS", .settings()), ("SETTINGS that change", .settings(window: 10)),
            ("window updates", .window(0, 1)), ("PRIORITY", .frame(2, stream: 1, [0, 0, 0, 0, 9])),
            ("empty DATA", .data(1, "")), ("unknown", .frame(99, [1, 2, 3])), ("ALTSVC", .frame(10, [0, 0])),
            ("empty HEADERS of a closed stream", .headers(3, [(":status", "200")])),
        ])
    func frames(name: String, frame: Served) throws {
        let bench = SessionBench.opened()
        bench.begin()
        let rounds = try #require(flood(bench, frame), "\(name) without end")
        #expect(rounds <= 4 * Limits.idleFrames)
        #expect(bench.session.takeRest().map(\.result) == [.broken])
    }

    @Test("CONTINUATION without end is bounded, with and without content (CVE-2024-28182)")
    func continuation() throws {
        for payload in [[], Served.block([("x-a", "b")])] {
            let bench = SessionBench.opened()
            bench.begin()
            bench.serve(.frame(1, stream: 1, Served.block([(":status", "200")])))
            let rounds = try #require(flood(bench, .frame(9, stream: 1, payload)))
            #expect(rounds <= Limits.idleFrames)
        }
    }

    @Test("requests that are reset at once leave nothing behind (rapid reset)")
    func resets() {
        let bench = SessionBench.opened()
        for round in 0..<10_000 {
            #expect(bench.begin(round) != nil)
            _ = bench.frames()
            bench.serve(.reset(UInt32(round * 2 + 1), 7))
            #expect(bench.session.takeEnded().count == 1)
        }
        #expect(bench.session.openStreams == 0)
    }

    @Test("a body without end ends with its stream, and the connection lives on")
    func body() throws {
        let bench = SessionBench.opened()
        bench.begin(1)
        bench.begin(2)
        bench.serve(.answer(1, end: false))
        let piece = String(repeating: "z", count: 8_192)
        for _ in 0..<8 { #expect(bench.serve(.data(1, piece))) }
        let end = try #require(bench.session.takeEnded().first)
        #expect(end.result == .tooLarge && end.status == 200 && end.excerpt.isEmpty)
        bench.serve(.answer(3))
        _ = bench.frames()
        #expect(bench.session.takeEnded().map(\.token) == [2])
    }

    @Test("fields without end: in one section, and in interim answers")
    func fields() throws {
        let long = String(repeating: "v", count: 4_000)
        let bench = SessionBench.opened()
        bench.begin()
        bench.serve(.headers(1, [(":status", "200")] + (0..<4).map { ("x-\($0)", long) }))
        for _ in 0..<20 { bench.serve(.headers(1, [(":status", "103"), ("link", long)])) }
        let end = try #require(bench.session.takeEnded().first)
        #expect(end.result != .whole)
        let other = SessionBench.opened()
        other.begin()
        for _ in 0..<20 { other.serve(.headers(1, [(":status", "103"), ("link", long)])) }
        #expect(other.session.takeEnded().map(\.result) == [.tooLarge])
    }

    @Test("fields that a table makes of few bytes count at their full size (HPACK bomb)")
    func bomb() throws {
        let bench = SessionBench.opened()
        bench.begin()
        // A literal of 4,000 bytes that enters the table, then references to it of one byte each.
        let literal: [UInt8] = [0x40, 1, UInt8(ascii: "x"), 127, 0xA1, 0x1E] + [UInt8](repeating: 0x76, count: 4_000)
        bench.serve(.frame(1, flags: 4, stream: 1, [0x88] + literal + [UInt8](repeating: 0xBE, count: 8_000)))
        let end = try #require(bench.session.takeEnded().first)
        #expect(end.result == .tooLarge)
    }

    @Test(
        "violations of the protocol end the connection",
        arguments: [
            ("no HTTP/2", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)),
            ("an answer to no request", Served.answer(9).bytes),
            ("a push", Served.frame(5, flags: 4, stream: 1, [0, 0, 0, 2, 0x88]).bytes),
            ("a frame over the size", [0, 0x50, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 0x5000)),
            ("a window over its limit", Served.window(0, 0x7FFF_FFFF).bytes),
            (
                "a broken field section",
                Served.frame(1, flags: 4, stream: 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).bytes
            ),
        ])
    func violation(name: String, bytes: [UInt8]) {
        let bench = SessionBench.opened()
        bench.begin()
        #expect(!bench.receive(bytes), "\(name)")
        let ends = bench.session.takeEnded() + bench.session.takeRest()
        #expect(ends.count == 1 && ends[0].result != .whole, "\(name)")
    }

    @Test("a peer that reads nothing gets no further request above the limit of waiting output")
    func output() {
        let bench = SessionBench.opened(window: 0x7FFF_FFFF)
        bench.serve(.window(0, 0x7000_0000))
        bench.isBlocked = true
        let body = [UInt8](repeating: 0x20, count: 64 * 1_024)
        var begun = 0
        while bench.begin(begun, body: body) != nil { begun += 1 }
        #expect(begun >= 4 && begun <= 5)
    }

    @Test("any bytes are survived")
    func noise() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bench = SessionBench.opened()
            bench.begin()
            for _ in 0..<20 {
                // Often a well-formed head, so that nghttp2 looks at the payload.
                let payload = (0..<Int.random(in: 0...64, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                let frame = Served.frame(
                    UInt8.random(in: 0...10, using: &random), flags: UInt8.random(in: 0...15, using: &random),
                    stream: UInt32.random(in: 0...3, using: &random), payload)
                if !bench.receive(frame.bytes) { break }
            }
            let ends = bench.session.takeEnded() + bench.session.takeRest()
            #expect(ends.count == 1)
        }
    }
}
