// Requests that carry no message: handshakes, and requests of methods that carry no webhook.

/// Their numbers. They are in no account and in no counter of messages.
struct OtherRequests {
    /// Handshakes, answered correctly or by a rule.
    private(set) var handshakes = 0
    /// Other requests that a rule has answered.
    private(set) var others = 0
    /// Both, by path: for the condition `requests`.
    private var paths: [String: Int] = [:]

    var count: Int { handshakes + others }

    /// How many there were of this path, or of all paths if there are too many paths.
    func count(of path: String, cap: Int) -> Int { paths[path] ?? (paths.count < cap ? 0 : count) }

    mutating func add(_ handshake: Handshake?, path: String, cap: Int) {
        if handshake != nil { handshakes += 1 } else { others += 1 }
        guard path.utf8.count <= ReceiverCore.mostPathBytes, paths[path] != nil || paths.count < cap else { return }
        paths[path, default: 0] += 1
    }
}

extension ReceiverCore {
    /// A path's rules for one such request. It makes no endpoint: an endpoint begins with its first message.
    func resolveOther(_ path: String) -> ResolvedPath {
        ResolvedPath(path: path, epoch: epoch, number: nil, program: inboxes.program(of: path) ?? program)
    }

    /// Decides and records a request that carries no message.
    ///
    /// - Parameter answer: the correct answer to its handshake; nil: it is none.
    /// - Returns: nil: nothing answers it; it was not recorded.
    mutating func receiveOther(
        _ request: ReceivedRequest, _ view: RequestView, answer: Answer?, excerpt: ReceivedRequest.Excerpt?
    ) -> Decision? {
        let path = request.path
        let cap = configuration.endpointCap
        let moment = self.moment(
            request, attempt: 0, requests: others.count(of: path.path, cap: cap) + 1, ordinal: others.count + 1)
        let isPosted = RequestMethod.isOfWebhooks(view.method)
        // A rule for POST alone is for messages.
        let rule = path.otherRules.first { ($0.asksHandshake || !isPosted) && $0.holds(view, moment) }
        guard var reply = rule?.reply(moment) ?? answer.map({ RenderedReply($0) }) else { return nil }
        let delay =
            rule.map { $0.delay == .none ? 0 : moment.dice.draw($0.delay, rule: $0.number, moment.subject) } ?? 0
        if reply.isDynamic { reply = reply.made(at: request.at + Int64(delay) * 1_000_000, view) }
        if view.method.elementsEqual("HEAD".utf8) { reply = reply.withoutBody }
        others.add(request.handshake, path: path.path, cap: cap)
        if let excerpt { keep(excerpt, request, .none, Choice(reply: reply, delay: delay)) }
        return Decision(reply: reply, delay: delay, ticket: .none)
    }
}

extension Ticket {
    /// Of a request without a record: of no era, so that its answer changes no account.
    static let none = Ticket(era: -1, record: nil, endpoint: nil)
}
