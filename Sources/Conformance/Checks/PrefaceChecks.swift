import WireProtocol

/// Protocol.md, 2: the first bytes.
enum PrefaceChecks {
    static let all = [answer, patience, pieces, otherVersion] + foreign

    private static let answer = Check("preface-answer", ["2.1"], "the preface is answered with the same eight bytes") {
        let peer = try $0.connect()
        peer.send(Preface.bytes)
        try peer.expectPreface("2.1")
    }

    private static let patience = Check(
        "preface-waits", ["2.4"], "the server sends nothing before it has received the complete preface"
    ) {
        let peer = try $0.connect()
        peer.send(Array(Preface.bytes.dropLast()))
        if peer.hasReply(within: .milliseconds(250)) {
            throw peer.deviation("2.4", expected: "nothing after seven bytes of the preface", actual: peer.next())
        }
        peer.send([Preface.majorVersion])
        try peer.expectPreface("2.1")
    }

    private static let pieces = Check(
        "preface-pieces", ["8.12"], "preface, HELLO and PUBLISH may arrive in pieces of any size"
    ) { stage in
        // First with pauses, because bytes that are sent together may be received together; then single bytes, as far
        // as the network keeps them apart.
        for send in [Conversation.sendInPieces, Conversation.sendByteByByte] {
            let peer = try stage.connect()
            send(peer)(Preface.bytes)
            try peer.expectPreface("8.12")
            send(peer)(stage.hello().bytes)
            try peer.expectWelcome(1, "8.12")
            send(peer)(stage.publish(2, events: 2).bytes)
            try peer.expectAck(2, [.stored, .stored], "8.12")
        }
    }

    private static let otherVersion = Check(
        "preface-version", ["2.2"], "another major version is answered with the preface and CLOSE UNSUPPORTED_VERSION"
    ) { stage in
        for version: UInt8 in [0, 2, 255] {
            let peer = try stage.connect()
            peer.send(Preface.bytes.dropLast() + [version])
            try peer.expectPreface("2.2")
            try peer.expectClose(.unsupportedVersion, "2.2")
        }
    }

    private static let foreign = [
        foreign("http", "an HTTP request", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)),
        foreign("tls", "a TLS ClientHello on a plaintext port", [0x16, 3, 1, 0, 0xC0, 1, 0, 0, 0xBC, 3, 3]),
        foreign("line-ends", "a preface whose line ends were translated", [0x89, 0x4E, 0x54, 0x4C, 0x0A, 0x1A, 1, 0]),
        foreign("zeros", "eight zero bytes", [UInt8](repeating: 0, count: 8)),
        foreign("first-byte", "one wrong byte, and no more bytes", [0x88]),
    ]

    private static func foreign(_ id: String, _ title: String, _ bytes: [UInt8]) -> Check {
        Check("preface-\(id)", ["2.3"], "\(title) is closed at once and without an answer") {
            let peer = try $0.connect()
            peer.send(bytes)
            // "At once" means: well before the deadline for HELLO.
            try peer.expectEnd("2.3", after: title, within: .seconds(2))
        }
    }
}
