/// A handshake found in a request, and its correct answer.
struct FoundHandshake {
    let kind: Handshake
    let answer: Answer

    private init(_ kind: Handshake, _ answer: Answer) {
        self.kind = kind
        self.answer = answer
    }

    /// Searches a request of a method that carries no webhook. nil: it is no handshake.
    static func find(in request: RequestView) -> FoundHandshake? {
        if request.method.elementsEqual("GET".utf8) {
            return echo("hub.challenge", .hub, request) ?? echo("validationtoken", .validationToken, request)
        }
        return request.method.elementsEqual("OPTIONS".utf8) ? permission(request) : nil
    }

    /// Searches a request that may be a message. nil: it is no handshake.
    ///
    /// Every message passes here, so a request with the usual header of messages is not searched.
    static func find(posted request: RequestView) -> FoundHandshake? {
        guard request.method.elementsEqual("POST".utf8), request.value(of: idHeader).isEmpty else { return nil }
        return echo("validationtoken", .validationToken, request) ?? slack(request)
    }

    private static let idHeader = Array("webhook-id".utf8)

    /// The value of a parameter of the query; its name is compared without regard to case.
    private static func echo(_ name: String, _ kind: Handshake, _ request: RequestView) -> FoundHandshake? {
        guard !request.query.isEmpty, let value = QueryText.value(of: name, in: request.query), !value.isEmpty else {
            return nil
        }
        return FoundHandshake(kind, text(value))
    }

    // MARK: Slack

    /// A longer body is a message. Slack's has some 150 bytes.
    private static let mostBytes = 4_096
    private static let challenge = Array("challenge".utf8)

    private static func slack(_ request: RequestView) -> FoundHandshake? {
        guard request.body.count <= mostBytes,
            let type = JSONMember.value(of: MessageText.typeMember, in: request.body),
            type.elementsEqual("url_verification".utf8),
            let written = JSONMember.value(of: challenge, in: request.body), !written.isEmpty
        else { return nil }
        return FoundHandshake(.slack, text(JSONMember.unescaped(String(decoding: written, as: UTF8.self))))
    }

    // MARK: CloudEvents

    private static let origin = Array("webhook-request-origin".utf8)
    private static let rate = Array("webhook-request-rate".utf8)

    /// Any origin may send, as often as it asked for. A callback (`WebHook-Request-Callback`) is not called: the
    /// permission is in the answer.
    private static func permission(_ request: RequestView) -> FoundHandshake? {
        let asked = request.value(of: origin)
        guard !asked.isEmpty else { return nil }
        let allowed = Answer.Header("webhook-allowed-origin", String(decoding: asked, as: UTF8.self))
        let rate = request.value(of: rate)
        let isNumber = (1...10).contains(rate.count) && rate.allSatisfy { (0x30...0x39).contains($0) }
        let allowedRate = isNumber && rate.contains { $0 != 0x30 } ? String(decoding: rate, as: UTF8.self) : "*"
        return FoundHandshake(
            .cloudevents,
            Answer(headers: [
                Answer.Header("allow", RequestMethod.ofWebhooks.joined(separator: ", ")),
                // A value beyond ASCII is not repeated in a header; * allows every origin.
                allowed.isLawful ? allowed : Answer.Header(allowed.name, "*"),
                Answer.Header("webhook-allowed-rate", allowedRate),
            ]))
    }

    /// The text comes from whoever called, so no browser may read it as a page.
    private static func text(_ text: String) -> Answer {
        Answer(
            headers: [Answer.Header("content-type", "text/plain"), Answer.Header("x-content-type-options", "nosniff")],
            body: text)
    }
}

/// The query of a target as a form (application/x-www-form-urlencoded).
enum QueryText {
    /// The decoded value of the first parameter with this name; nil: there is none.
    ///
    /// - Parameter name: in lower case.
    static func value(of name: String, in query: UnsafeRawBufferPointer) -> String? {
        for part in query.split(separator: UInt8(ascii: "&")) {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = halves.first, decoded(first).lowercased() == name else { continue }
            return halves.count > 1 ? decoded(halves[1]) : ""
        }
        return nil
    }

    /// A plus is a space; a percent sign without two hexadecimal digits stays.
    private static func decoded(_ written: Slice<UnsafeRawBufferPointer>) -> String {
        var bytes: [UInt8] = []
        var place = written.startIndex
        while place < written.endIndex {
            let byte = written[place]
            if byte == UInt8(ascii: "%"), place + 2 < written.endIndex,
                let high = HTTPGrammar.hexValue(written[place + 1]), let low = HTTPGrammar.hexValue(written[place + 2])
            {
                bytes.append(UInt8(high << 4 | low))
                place += 3
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
                place += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONMember {
    /// The text of a string (RFC 8259 section 7), given without its quotes. An invalid escape stays as it is written.
    static func unescaped(_ written: String) -> String {
        guard written.utf8.contains(UInt8(ascii: "\\")) else { return written }
        let source = Array(written.utf16)
        var units: [UInt16] = []
        var place = 0
        while place < source.count {
            guard source[place] == 0x5C, place + 1 < source.count else {
                units.append(source[place])
                place += 1
                continue
            }
            if source[place + 1] == 0x75, place + 6 <= source.count,
                let unit = UInt16(String(decoding: source[(place + 2)..<(place + 6)], as: UTF16.self), radix: 16)
            {
                units.append(unit)
                place += 6
            } else {
                units += plain[source[place + 1]].map { [$0] } ?? [0x5C, source[place + 1]]
                place += 2
            }
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// The characters after a backslash, and what they stand for.
    private static let plain: [UInt16: UInt16] = [
        0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
    ]
}
