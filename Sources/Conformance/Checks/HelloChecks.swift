import WebhookModel
import WireProtocol

/// Protocol.md, 5.1 and 5.2: HELLO and WELCOME.
enum HelloChecks {
    static let all =
        [welcome, limits, appended, minorVersion, features, pipelined, largest, tooLarge, corrupt] + malformed
        + [second] + first + [wrongKey, wrongKeyDelay]

    private static let welcome = Check(
        "hello-welcome", ["5.2.1"], "HELLO is answered with WELCOME under its request id"
    ) {
        for id in [0, 1, UInt64.max] {
            let peer = try $0.greeted()
            peer.send($0.hello(id: id))
            try peer.expectWelcome(id, "5.2.1")
        }
    }

    private static let limits = Check(
        "hello-limits", ["5.2.4"], "the limits that WELCOME announces agree with each other"
    ) {
        let peer = try $0.greeted()
        peer.send($0.hello())
        let limits = try peer.expectWelcome(1, "5.2.1")
        func demand(_ holds: Bool, _ expected: String, _ actual: String) throws {
            if !holds { throw peer.deviation("5.2.4", expected: expected, actual: actual) }
        }
        try demand(limits.eventsPerFrame > 0, "at least one event of a PUBLISH", "0")
        try demand(
            limits.windowEvents >= limits.eventsPerFrame, "a window of at least one PUBLISH",
            "\(limits.windowEvents) events, a PUBLISH may have \(limits.eventsPerFrame)")
        try demand(
            limits.windowBytes >= UInt64(limits.frameBytes), "a window of at least one frame",
            "\(limits.windowBytes) bytes, a frame may have \(limits.frameBytes)")
        try demand(
            Int(limits.frameBytes) >= Int(limits.eventBytes) + Limits.recordOverheadBytes,
            "frames that hold the largest event, whose other fields are up to \(Limits.recordOverheadBytes) bytes",
            "\(limits.frameBytes) bytes for a payload of \(limits.eventBytes)")
    }

    private static let appended = Check("hello-appended", ["3.9"], "bytes after HELLO's last field are ignored") {
        let peer = try $0.greeted()
        peer.send(RawFrame.hello(key: $0.subject.key, appended: [0, 0, 0, 1]))
        try peer.expectWelcome(1, "3.9")
    }

    private static let minorVersion = Check("hello-minor", ["5.1.8"], "a later minor version is accepted") {
        let peer = try $0.greeted()
        peer.send(RawFrame.hello(key: $0.subject.key, minor: 7))
        let welcome = try peer.expectWelcome(1, "5.1.8")
        if welcome.minorVersion > 7 {
            throw peer.deviation(
                "5.1.8", expected: "a minor version that the client has", actual: "\(welcome.minorVersion)")
        }
    }

    private static let features = Check(
        "hello-features", ["5.2.5"], "WELCOME grants no feature that HELLO did not ask for"
    ) {
        for asked in [0, 0x8000_0001, UInt32.max] {
            let peer = try $0.greeted()
            peer.send(RawFrame.hello(key: $0.subject.key, features: asked))
            let granted = try peer.expectWelcome(1, "5.2.5").features
            if granted & ~asked != 0 {
                throw peer.deviation("5.2.5", expected: "features from \(asked)", actual: "\(granted)")
            }
        }
    }

    private static let pipelined = Check(
        "hello-pipelined", ["5.2.3"], "a PUBLISH that is sent before WELCOME arrives is accepted"
    ) {
        let peer = try $0.connect()
        peer.send(Preface.bytes + $0.hello().bytes + $0.publish(2).bytes)
        try peer.expectPreface("2.1")
        try peer.expectWelcome(1, "5.2.3")
        try peer.expectAck(2, [.stored], "5.2.3")
    }

    // MARK: Its bytes

    /// Preface, header and body have 4,096 bytes together.
    private static let largestBody = 4_096 - Preface.bytes.count - FrameHeader.byteCount

    private static let largest = Check(
        "hello-largest", ["3.4"], "a HELLO of 4,096 bytes including the preface is accepted"
    ) {
        let peer = try $0.greeted()
        let rest = largestBody - RawFrame.hello(key: $0.subject.key).body.count
        peer.send(RawFrame.hello(key: $0.subject.key, appended: [UInt8](repeating: 0, count: rest)))
        try peer.expectWelcome(1, "3.4")
    }

    private static let tooLarge = Check(
        "hello-too-large", ["3.4"], "a longer HELLO is refused after its header, before its body is sent"
    ) {
        for length in [UInt32(largestBody + 1), 65_536, .max] {
            let peer = try $0.greeted()
            peer.send(RawFrame(type: FrameType.hello.rawValue, length: length))
            try peer.expectClose(.frameTooLarge, "3.4")
        }
    }

    private static let corrupt = Check(
        "hello-corrupt", ["3.8"], "a HELLO with a wrong body checksum gets CLOSE CORRUPT"
    ) {
        let peer = try $0.greeted()
        var hello = $0.hello()
        hello.bodyChecksumError = 1
        peer.send(hello)
        try peer.expectClose(.corrupt, "3.8")
    }

    private static let malformed = [
        broken("cut", "ends inside its client name") { hello in hello.body.removeLast() },
        broken("empty", "has no body") { hello in hello.body = [] },
        broken("text-over", "has an API key longer than its body") { hello in hello.body[6] = 0xFF },
        broken("name-not-utf8", "has a client name that is not UTF-8") { hello in
            hello.body[hello.body.count - 1] = 0xFF
        },
    ]

    private static func broken(_ id: String, _ what: String, _ spoil: @escaping @Sendable (inout RawFrame) -> Void)
        -> Check
    {
        Check("hello-\(id)", ["3.7"], "a HELLO that \(what) gets CLOSE PROTOCOL_ERROR") {
            let peer = try $0.greeted()
            var hello = $0.hello()
            spoil(&hello)
            peer.send(hello)
            try peer.expectClose(.protocolError, "3.7")
        }
    }

    // MARK: The place of HELLO

    private static let second = Check("hello-twice", ["5.1.4"], "a second HELLO gets CLOSE PROTOCOL_ERROR") {
        let peer = try $0.welcomed()
        peer.send($0.hello(id: 2))
        try peer.expectClose(.protocolError, "5.1.4")
    }

    private static let first = [
        before("publish", "PUBLISH") { $0.publish(1) }, before("ping", "PING") { _ in .ping(1) },
        before("skippable", "a frame of type 0x80") { _ in RawFrame(type: 0x80) },
    ]

    private static func before(_ id: String, _ what: String, _ frame: @escaping @Sendable (Stage) -> RawFrame) -> Check
    {
        Check("hello-after-\(id)", ["5.1.3"], "\(what) before HELLO gets CLOSE PROTOCOL_ERROR") {
            let peer = try $0.greeted()
            peer.send(frame($0))
            try peer.expectClose(.protocolError, "5.1.3")
        }
    }

    // MARK: The key

    private static let wrongKey = Check(
        "hello-wrong-key", ["5.1.2"], "a wrong key gets CLOSE AUTH_FAILED, and nothing after it is answered"
    ) {
        let peer = try $0.greeted()
        peer.send(RawFrame.hello(key: $0.subject.key + "-not"), $0.publish(2), .ping(3))
        try peer.expectClose(.authFailed, "5.1.2")
    }

    private static let wrongKeyDelay = Check(
        "hello-wrong-key-delay", ["5.1.6", "5.1.9"],
        "the answer to a wrong key takes at least 100 ms, however similar the key is"
    ) { stage in
        let key = stage.subject.key
        for wrong in [String(key.dropLast()) + (key.hasSuffix("x") ? "y" : "x"), "x", ""] {
            let peer = try stage.greeted()
            let asked = ContinuousClock.now
            peer.send(RawFrame.hello(key: wrong))
            try peer.expectClose(.authFailed, "5.1.2")
            let taken = ContinuousClock.now - asked
            guard taken >= .milliseconds(100) else {
                throw peer.deviation(
                    "5.1.6", expected: "CLOSE AUTH_FAILED after 100 ms or more",
                    actual: "CLOSE after \(taken.milliseconds) ms")
            }
        }
    }
}
