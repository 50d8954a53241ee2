import NIOCore

/// A reply as bytes, rendered once per rule and shared by requests.
final class RenderedReply: Sendable {
    enum Form: Sendable {
        /// Written at once: for a connection that stays open, and for one that closes.
        case plain(keepAlive: ByteBuffer, closing: ByteBuffer)
        case script(ReplyScript)
        case reset
    }

    let form: Form
    let outcome: ReplyOutcome
    /// For HTTP/2, which frames it differently; nil for a reset.
    let answer: Answer?
    let fault: Fault?
    /// Whether each request gets a separate one, from `made`.
    let isDynamic: Bool

    init(_ reply: Behaviour.Reply) {
        switch reply {
        case .reset: (answer, fault) = (nil, nil)
        case .answer(let plain): (answer, fault) = (plain, nil)
        case .fault(.resetAfter(bytes: 0), _): (answer, fault) = (nil, nil)
        case .fault(.redirectTo(let location), let other):
            (answer, fault) = (other.redirected(to: location, orElse: 302), nil)
        case .fault(let fault, let spoilt): (answer, self.fault) = (spoilt, fault)
        }
        isDynamic = (answer?.retryAfter?.isDated ?? false) || (fault?.isRedirect ?? false)
        outcome = ReplyOutcome(answer, fault)
        form = RenderedReply.form(answer, fault)
    }

    convenience init(_ answer: Answer) { self.init(.answer(answer)) }

    private static func form(_ answer: Answer?, _ fault: Fault?) -> Form {
        guard let answer else { return .reset }
        if let script = fault.flatMap({ ReplyScript($0, answer) }) ?? ReplyScript(dribbling: answer) {
            return .script(script)
        }
        return .plain(keepAlive: answer.bytes(closing: false), closing: answer.bytes(closing: true))
    }

    /// Whether it counts although its sender left before it was written whole: it has no status, or no end.
    var endsWithItsReader: Bool { outcome.status == 0 || fault == .infiniteBody }

    /// The same answer to HEAD, which has no body: a fault of the body has nothing to spoil.
    var withoutBody: RenderedReply {
        guard var answer else { return self }
        answer.isForHead = true
        guard let fault, !fault.isOfBody else { return RenderedReply(answer) }
        return RenderedReply(.fault(fault, answer))
    }

    /// Whether it is sent as soon as a request's head has come.
    var isEarly: Bool { fault == .earlyAnswer }

    /// Whether it is finished once it is written.
    var isImmediate: Bool {
        if case .script = form { false } else { true }
    }

    /// 429 for a request above a rate limit.
    static func limited(_ retryAfter: RetryAfter) -> RenderedReply {
        RenderedReply(Answer(status: 429, retryAfter: retryAfter))
    }

    /// The reply to one request, with its date and its place in a chain of redirects.
    ///
    /// - Parameter now: Unix nanoseconds of the answer.
    func made(at now: Int64, _ request: RequestView) -> RenderedReply {
        guard isDynamic, var answer else { return self }
        if case .date(let seconds) = answer.retryAfter {
            let range = RetryAfter.dateSeconds
            let date = HTTPDate.text(
                max(0, now / 1_000_000_000 + Int64(min(max(seconds, range.lowerBound), range.upperBound))))
            answer.headers.append(Answer.Header("retry-after", date))
            answer.retryAfter = nil
            return RenderedReply(answer, obeying: seconds, fault)
        }
        guard case .redirectChain(let hops) = fault else { return self }
        return RenderedReply(RedirectChain.step(of: hops, answer, request))
    }

    /// An answer whose `Retry-After` is already written.
    private init(_ answer: Answer, obeying seconds: Int, _ fault: Fault?) {
        self.answer = answer
        self.fault = fault
        isDynamic = false
        var outcome = ReplyOutcome(answer, fault)
        outcome.retryAfter = seconds
        self.outcome = outcome
        form = RenderedReply.form(answer, fault)
    }
}

extension ReplyOutcome {
    /// The outcome of a reply after it is written.
    init(_ answer: Answer?, _ fault: Fault?) {
        guard let answer else {
            self.init(status: 0, isReset: true)
            return
        }
        switch fault {
        case .resetAfter: self.init(status: 0, isReset: true)
        case .silence, .halfClose, .endlessHead, .badStatusLine: self.init(status: 0)
        // Status and header section are whole: they decide, whatever is wrong with the body (RFC 9112 section 8).
        case nil, .closeBeforeReuse, .slowHead, .lengthTooShort, .gzipBomb, .earlyAnswer, .redirectChain, .redirectTo,
            .lengthTooLong, .truncatedChunk, .malformedChunk, .infiniteBody:
            self.init(status: answer.status, retryAfter: answer.retryAfter?.lawfulSeconds)
        }
    }
}

extension Fault {
    fileprivate var isOfBody: Bool {
        switch self {
        case .lengthTooLong, .lengthTooShort, .truncatedChunk, .malformedChunk, .infiniteBody, .gzipBomb: true
        default: false
        }
    }

    var isRedirect: Bool {
        if case .redirectChain = self { true } else { false }
    }
}

extension RetryAfter {
    var isDated: Bool {
        if case .date = self { true } else { false }
    }

    /// Seconds that a correct sender waits; nil: it was told nothing that it must obey.
    var lawfulSeconds: Int? {
        switch self {
        case .seconds(let seconds), .date(let seconds): seconds >= 0 ? seconds : nil
        // RFC 9110 section 10.2.3: decimal digits without a sign. More than nine digits are not a waiting time.
        case .text(let text):
            text.utf8.allSatisfy { (0x30...0x39).contains($0) } && text.utf8.count <= 9 ? Int(text) : nil
        }
    }

    /// The header's value, except for a date.
    var text: String {
        switch self {
        case .seconds(let seconds), .date(let seconds): "\(seconds)"
        case .text(let text): text
        }
    }
}

/// Redirects that lead to further redirects; the query counts them.
enum RedirectChain {
    static func step(of hops: Int, _ answer: Answer, _ request: RequestView) -> Answer {
        let query = String(decoding: request.query, as: UTF8.self)
        let hop = query.split(separator: "&").first { $0.hasPrefix("hop=") }.flatMap { Int($0.dropFirst(4)) } ?? 0
        guard hop < hops else { return answer }
        return answer.redirected(to: "\(String(decoding: request.path, as: UTF8.self))?hop=\(hop + 1)", orElse: 307)
    }
}

extension Answer {
    /// The answer as a redirect, with its own status if that is a redirect.
    func redirected(to location: String, orElse status: Int) -> Answer {
        var redirect = self
        if redirect.status / 100 != 3 { redirect.status = status }
        redirect.headers = headers.filter { $0.name.lowercased() != "location" } + [Header("location", location)]
        return redirect
    }
}
