import Conformance
import Ingest
import TestSupport
import WireProtocol

/// Every fault that the runner must find.
enum Faults {
    static let all = opening + headers + bodies + acks + events + liveness + time + endings

    // MARK: 2 and 5.1, 5.2

    private static let opening = [
        Fault("takes a segment for a frame", "preface-pieces", breaks: "8.12").trustingSegments(),
        Fault(
            "another preface", "preface-answer", breaks: "2.1",
            preface: { piece, _ in
                if !piece.isFromClient { piece.bytes[7] = 9 }
                return .passes
            }),
        Fault(
            "speaks first", "preface-waits", breaks: "2.4", greeting: Preface.bytes,
            preface: { piece, _ in
                piece.isFromClient ? .passes : .swallowed
            }),
        Fault(
            "takes any version for its own", "preface-version", breaks: "2.2",
            preface: { piece, _ in
                if piece.isFromClient { piece.bytes = Preface.bytes }
                return .passes
            }),
        Fault(
            "talks to strangers", "preface-http", breaks: "2.3",
            preface: { piece, link in
                guard piece.isFromClient, piece.bytes != Preface.bytes else { return .passes }
                link.toClient(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
                return .swallowed
            }),
        Fault("WELCOME with a request id of its own", "hello-welcome", breaks: "5.2.1") { piece, _ in
            if piece.isServer(.welcome) { piece.bytes[15] ^= 0x40 }
            piece.mendHeader()
            return .passes
        },
        Fault("a window smaller than a PUBLISH", "hello-limits", breaks: "5.2.4") { piece, _ in
            if piece.isServer(.welcome) { piece.change(Welcome.self) { $0.windowEvents = 1 } }
            return .passes
        },
        Fault("a feature that nobody asked for", "hello-features", breaks: "5.2.5") { piece, _ in
            if piece.isServer(.welcome) { piece.change(Welcome.self) { $0.features = 4 } }
            return .passes
        },
        Fault("knows no later HELLO", "hello-appended", breaks: "3.9") { piece, link in
            let before = piece.bytes.count
            if piece.isClient(.hello) { piece.change(Hello.self) { _ in } }
            if piece.bytes.count != before { link.cut() }
            return .passes
        },
        Fault("knows one minor version", "hello-minor", breaks: "5.1.8") { piece, link in
            if piece.isClient(.hello) { piece.change(Hello.self) { if $0.minorVersion > 0 { link.cut() } } }
            return .passes
        },
        Fault("forgets what came before WELCOME", "hello-pipelined", breaks: "5.2.3") { piece, link in
            if piece.isServer(.welcome) { link.notes["welcome"] = 1 }
            return piece.isClient(.publish) && link.notes["welcome"] == nil ? .swallowed : .passes
        },
        Fault("waits for a HELLO of any length", "hello-too-large", breaks: "3.4") { piece, _ in
            piece.isClient(.hello) && piece.bytes.count == FrameHeader.byteCount ? .swallowed : .passes
        },
        Fault("believes a damaged HELLO", "hello-corrupt", breaks: "3.8") { piece, _ in
            if piece.isClient(.hello) { piece.mendBody() }
            return .passes
        },
        Fault("cares for one HELLO only", "hello-twice", breaks: "5.1.4") { piece, link in
            if piece.isClient(.hello) { link.notes["hello", default: 0] += 1 }
            return piece.isClient(.hello) && link.notes["hello"] == 2 ? .swallowed : .passes
        },
        Fault("skips frames before HELLO", "hello-after-skippable", breaks: "5.1.3") { piece, _ in
            piece.isFromClient && piece.typeByte >= 0x80 ? .swallowed : .passes
        },
        Fault("refuses a key at once", "hello-wrong-key-delay", breaks: "5.1.6") { piece, link in
            guard piece.isClient(.hello) else { return .passes }
            var isKnown = true
            piece.change(Hello.self) { isKnown = $0.apiKey == RealServer.key }
            if isKnown { return .passes }
            link.toClient(Piece.frame(Close(.authFailed, text: "no")))
            link.cut()
            return .swallowed
        },
        Fault("knows every key", "hello-wrong-key", breaks: "5.1.2") { piece, _ in
            if piece.isClient(.hello) { piece.change(Hello.self) { $0.apiKey = RealServer.key } }
            return .passes
        },
    ]

    // MARK: 3.3, 3.6, 4

    private static let headers = [
        Fault("no header checksum", "header-flipped-bits", breaks: "3.3") { piece, _ in
            if piece.isFromClient { piece.mendHeader() }
            return .passes
        },
        Fault("blind to flags", "header-flags", breaks: "3.3") { piece, _ in
            if piece.isFromClient { piece.bytes[5] = 0 }
            piece.mendHeader()
            return .passes
        },
        Fault("blind to reserved bits", "header-reserved", breaks: "3.3") { piece, _ in
            if piece.isFromClient { piece.bytes.replaceSubrange(6..<8, with: [0, 0]) }
            piece.mendHeader()
            return .passes
        },
        Fault("skips every type it does not know", "header-unknown-type", breaks: "3.3") { piece, _ in
            piece.isFromClient && piece.type == nil ? .swallowed : .passes
        },
        Fault("waits for a body of any length", "header-length", breaks: "3.4") { piece, _ in
            piece.isClient(.publish) && piece.bytes.count == FrameHeader.byteCount ? .swallowed : .passes
        },
        Fault("looks at the type before the checksum", "header-order", breaks: "3.3") { piece, _ in
            if piece.isFromClient, piece.typeByte == 0x7F { piece.mendHeader() }
            return .passes
        },
        Fault("skips nothing", "header-skipped", breaks: "3.6") { piece, _ in
            if piece.isFromClient, piece.typeByte >= 0x80 { piece.bytes[4] = 0x7F }
            piece.mendHeader()
            return .passes
        },
        Fault("passes over a server's frames", "header-wrong-side", breaks: "4.1") { piece, _ in
            piece.isClient(.welcome) || piece.isClient(.ack) || piece.isClient(.goAway) ? .swallowed : .passes
        },
    ]

    // MARK: 3.5, 3.7, 5.3

    private static let bodies = [
        Fault("no body checksum", "body-corrupt-publish", breaks: "3.5", frame: mendBodies),
        Fault("takes a body with a flipped bit", "body-flipped-bits", breaks: "7.2", frame: mendBodies),
        Fault("a damaged frame costs the connection", "body-corrupt-ping", breaks: "3.5") { piece, link in
            if piece.isServer(.ack) { piece.bytes = Piece.frame(Close(.corrupt, text: "damaged")) }
            return .passes
        },
        Fault("passes over a PING too long", "body-ping-long", breaks: "3.7") { piece, _ in
            piece.isClient(.ping) && piece.body.count == 17 ? .swallowed : .passes
        },
        Fault("passes over an empty PUBLISH", "publish-zero", breaks: "5.3.1") { piece, _ in
            piece.isClient(.publish) && piece.body.count == 4 ? .swallowed : .passes
        },
        Fault("stores the events of a broken PUBLISH", "publish-left-over", breaks: "5.3.1") { piece, link in
            let isBroken = piece.isClient(.publish) && piece.bytes.last == 0
            if isBroken { link.toServer(Piece(bytes: piece.bytes, isFromClient: true).withoutLastByte) }
            return .passes
        },
        Fault("passes over too many events", "publish-too-many", breaks: "5.3.3") { piece, _ in
            piece.isClient(.publish) && piece.body.starts(with: [0, 0, 0x20, 0x01]) ? .swallowed : .passes
        },
        Fault("takes fewer events than announced", "publish-most-events", breaks: "5.3.4") { piece, _ in
            if piece.isServer(.welcome) { piece.change(Welcome.self) { $0.eventsPerFrame += 1 } }
            return .passes
        },
        Fault("takes shorter frames than announced", "publish-largest-frame", breaks: "5.3.4") { piece, _ in
            if piece.isServer(.welcome) { piece.change(Welcome.self) { $0.frameBytes += 1 } }
            return .passes
        },
    ]

    private static let mendBodies: Fault.FrameChange = { piece, _ in
        if piece.isClient(.publish) { piece.mendBody() }
        return .passes
    }

    // MARK: 5.4

    private static let acks = [
        Fault("never acknowledges", "publish-ack", breaks: "5.4.1") { piece, _ in
            piece.isServer(.ack) ? .swallowed : .passes
        },
        Fault("acknowledges twice", "publish-pipelined", breaks: "5.4.1") { piece, link in
            if piece.isServer(.ack) { link.toClient(piece.bytes) }
            return .passes
        },
        Fault("acknowledges another request", "publish-ack", breaks: "5.4.1") { piece, _ in
            if piece.isServer(.ack) { piece.bytes[15] ^= 1 }
            piece.mendHeader()
            return .passes
        },
        Fault("counts one event too many", "publish-ack", breaks: "5.4.3", frame: ack { $0.count += 1 }),
        Fault("a form of its own", "publish-ack", breaks: "5.4.6") { piece, _ in
            if piece.isServer(.ack) { piece.body = piece.body[..<12] + [3] }
            return .passes
        },
        Fault("commits in another order", "publish-order", breaks: "8.5") { piece, link in
            link.notes["acks", default: 0] += 1
            if piece.isServer(.ack) { piece.change(Ack.self) { $0.commit = UInt64(1_000 - link.notes["acks"]!) } }
            return .passes
        },
        Fault("says no commit", "publish-order", breaks: "5.4.2", frame: ack { $0.commit = 0 }),
        Fault(
            "answers a damaged PUBLISH event by event", "publish-beside-corrupt", breaks: "5.4.3",
            frame: ack { ack in
                if ack.count == 0 { ack.count = 1 }
            }),
    ]

    private static func ack(_ spoil: @escaping @Sendable (inout Ack) -> Void) -> Fault.FrameChange {
        { piece, _ in
            if piece.isServer(.ack) { piece.change(Ack.self, spoil) }
            return .passes
        }
    }

    // MARK: 6, 8.2, 8.4

    private static let events = [
        Fault("takes the id zero", "event-zero-id", breaks: "6.1", frame: says(.accepted, for: .malformed)),
        Fault(
            "refuses the neighbours too", "event-zero-id", breaks: "6.6",
            frame: ack { ack in
                ack.answers = .all(EventAnswer(.malformed))
            }),
        Fault("calls too large malformed", "event-too-large", breaks: "6.4", frame: says(.malformed, for: .tooLarge)),
        Fault("takes any time", "event-seconds", breaks: "6.5", frame: says(.accepted, for: .badTime)),
        Fault(
            "tells which tenants there are", "event-forbidden-tenant", breaks: "6.3",
            frame: says(.unknownTenant, for: .forbidden)),
        Fault("takes any tenant", "event-unknown-tenant", breaks: "6.7", frame: says(.accepted, for: .forbidden)),
        Fault(
            "takes a disabled tenant's", "event-disabled-tenant", breaks: "6.8",
            frame: says(.accepted, for: .tenantDisabled)),
        Fault("takes smaller payloads than announced", "event-largest", breaks: "6.9") { piece, _ in
            if piece.isServer(.welcome) { piece.change(Welcome.self) { $0.eventBytes += 1 } }
            return .passes
        },
        Fault("stores twice", "duplicate-again", breaks: "8.2", frame: says(.accepted, for: .duplicate)),
        Fault(
            "takes other content for the same", "duplicate-conflict", breaks: "8.2",
            frame: says(.duplicate, for: .conflict)),
        Fault(
            "answers in another order", "duplicate-in-frame", breaks: "8.11",
            frame: ack { ack in
                if case .each(let answers) = ack.answers { ack.answers = .each(answers.reversed()) }
            }),
        Fault("holds more events than its window", "window-events", breaks: "8.4") { piece, _ in
            if piece.isServer(.welcome) {
                piece.change(Welcome.self) {
                    $0.eventsPerFrame = 10
                    $0.windowEvents = 20
                }
            }
            return .passes
        },
        Fault("holds more bytes than its window", "window-bytes", breaks: "8.4") { piece, _ in
            if piece.isServer(.welcome) {
                piece.change(Welcome.self) {
                    $0.eventBytes = 100
                    $0.frameBytes = 500
                    $0.windowBytes = 2_000
                }
            }
            return .passes
        },
    ]

    /// One status instead of another.
    private static func says(_ status: ProtocolStatus, for other: ProtocolStatus) -> Fault.FrameChange {
        ack { ack in
            let answers = (0..<Int(ack.count)).map { ack[$0].status == other ? EventAnswer(status) : ack[$0] }
            ack.answers = .each(answers)
        }
    }

    // MARK: 5.5, 8.9

    private static let liveness = [
        Fault("PONG with other bytes", "ping-echo", breaks: "5.5.1") { piece, _ in
            if piece.isServer(.pong) { piece.change(Pong.self) { $0.ping.opaque ^= 1 } }
            return .passes
        },
        Fault("PONG answered before it was received", "ping-clock", breaks: "5.5.2") { piece, _ in
            if piece.isServer(.pong) { piece.change(Pong.self) { $0.answeredAt = $0.receivedAt - 1 } }
            return .passes
        },
        Fault("answers a PONG", "ping-no-answer", breaks: "5.5.3") { piece, link in
            if piece.isClient(.pong) { link.toClient(piece.bytes) }
            return .passes
        },
        Fault("serves any flood", "flood-ping", breaks: "8.9") { piece, link in
            guard piece.isClient(.ping) else { return .passes }
            let id = piece.bytes[8..<16].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            link.toClient(Piece.frame(Pong(ping: Ping(opaque: 0, sentAt: 0), receivedAt: 1, answeredAt: 1), id: id))
            return .swallowed
        },
        Fault("bears fewer than 100 control frames", "flood-below", breaks: "8.9") { piece, link in
            if piece.isClient(.ping) { link.notes["pings", default: 0] += 1 }
            if link.notes["pings"] == 50 { link.toClient(Piece.frame(Close(.tooManyControlFrames, text: "50"))) }
            return .passes
        },
    ]

    // MARK: 5.1.5, 8.6 to 8.8

    private static let time = [
        Fault("ends silence with words", "silence-before-preface", breaks: "5.1.5", ending: sayingBye).inTime(soon),
        Fault("ends half a preface with words", "silence-in-preface", breaks: "5.1.5", ending: sayingBye).inTime(soon),
        Fault("ends who says no HELLO without a word", "silence-before-hello", breaks: "5.1.5", frame: timeout(nil))
            .inTime(soon),
        Fault("calls a dripped HELLO broken", "silence-in-hello", breaks: "5.1.5", frame: timeout(.protocolError))
            .inTime(soon),
        Fault("calls a slow header broken", "slow-header", breaks: "8.7", frame: timeout(.protocolError)).inTime(soon),
        Fault("calls a slow body broken", "slow-body", breaks: "8.8", frame: timeout(.protocolError)).inTime(soon),
        Fault("has no patience", "slow-lawful", breaks: "8.8").inTime(soon),
        Fault("ends an idle connection without a word", "idle-timeout", breaks: "8.6", frame: timeout(nil)).inTime(
            soon),
    ]

    /// Deadlines of 200 ms, so that the tests are short.
    private static let soon: @Sendable (inout IngestConfiguration) -> Void = { configuration in
        configuration.helloMilliseconds = 200
        configuration.headerMilliseconds = 200
        configuration.bodyGraceMilliseconds = 200
        configuration.idleMilliseconds = 400
    }

    /// Another CLOSE instead of CLOSE TIMEOUT, or none.
    private static func timeout(_ status: ProtocolStatus?) -> Fault.FrameChange {
        { piece, _ in
            guard piece.isServer(.close), let status else { return piece.isServer(.close) ? .swallowed : .passes }
            piece.bytes = Piece.frame(Close(status, text: "late"))
            return .passes
        }
    }

    private static let sayingBye: @Sendable (_ isClient: Bool, Link) -> Fault.Passage = { isClient, link in
        if !isClient { link.toClient(Preface.bytes) }
        return .passes
    }

    // MARK: 1.3, 5.7

    private static let endings = [
        Fault(
            "hangs up with who ends its direction", "end-half-close", breaks: "1.3",
            ending: { isClient, link in
                if isClient { link.cut() }
                return .swallowed
            }),
        Fault("answers CLOSE with CLOSE", "end-client-close", breaks: "5.7.4") { piece, link in
            if piece.isServer(.ack) { piece.bytes += Piece.frame(Close(.protocolError, text: "bye")) }
            return .passes
        },
        Fault("closes before it has answered", "end-answers-first", breaks: "5.7.2") { piece, _ in
            piece.isServer(.ack) ? .swallowed : .passes
        },
        Fault("talks after its CLOSE", "end-nothing-after", breaks: "5.7.1") { piece, _ in
            if piece.isServer(.close) {
                piece.bytes += Piece.frame(Ack(commit: 1, count: 1, answers: .allAccepted), id: 1)
            }
            return .passes
        },
        Fault(
            "stays after its CLOSE", "end-nothing-after", breaks: "5.7.3",
            ending: { isClient, _ in
                isClient ? .passes : .swallowed
            }),
    ]
}

extension Piece {
    /// As if the last byte of the body had not been sent.
    fileprivate var withoutLastByte: [UInt8] {
        var whole = self
        whole.body = Array(body.dropLast())
        return whole.bytes
    }
}
