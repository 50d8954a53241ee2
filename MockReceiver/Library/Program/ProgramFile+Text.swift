import Yams

// Writes a program back, so that the text of `GET /program` can be changed and put again.
extension ProgramFile {
    /// The program as YAML, which `parse` reads as the same program, without its secrets. A program without secrets
    /// leaves the known ones unchanged.
    public static func text(of program: BehaviourProgram) -> String {
        var top: [(String, Node)] = [("seed", number(Int(clamping: program.seed)))]
        if program.resetOnAccept > 0 { top.append(("reset_on_accept_percent", percent(program.resetOnAccept))) }
        if program.handshakes.count < Handshake.allCases.count {
            top.append(("handshakes", handshakes(program.handshakes)))
        }
        if !program.connections.isEmpty { top.append(("connections", list(program.connections.map(connection)))) }
        if !program.rules.isEmpty { top.append(("rules", list(program.rules.map(rule)))) }
        if !program.expectations.isEmpty { top.append(("expect", list(program.expectations.map(expectation)))) }
        let text = (try? Yams.serialize(node: mapping(top), width: -1)) ?? ""
        guard let secrets = program.secrets, !secrets.isEmpty else { return text }
        return "# \(secrets.count) secret rules are not shown. If you put a program without `secrets`, they stay.\n"
            + text
    }

    private static func rule(_ rule: BehaviourProgram.Rule) -> Node {
        let behaviour = rule.behaviour
        var pairs: [(String, Node)] = [("path", word(rule.pattern.description))]
        let conditions = when(rule.conditions)
        if !conditions.isEmpty { pairs.append(("when", mapping(conditions))) }
        pairs += reply(behaviour.reply, prefix: "", status: 200)
        if behaviour.delay != .none { pairs.append(("delay", delay(behaviour.delay))) }
        let failure = reply(behaviour.failure, prefix: "fail_", status: 503)
        // A failure that never occurs is written with fail_percent 0, because the reader requires fail_first or
        // fail_percent.
        let isIdle = behaviour.failShare == 0 && !failure.isEmpty
        if behaviour.failFirst > 0 || isIdle { pairs.append(("fail_first", number(behaviour.failFirst))) }
        if behaviour.failShare > 0 { pairs.append(("fail_percent", percent(behaviour.failShare))) }
        pairs += failure
        if let limit = behaviour.rateLimit {
            var parts = [("per_second", word("\(limit.perSecond)")), ("burst", number(limit.burst))]
            if let after = limit.retryAfter { parts.append(("retry_after", word(after.written))) }
            pairs.append(("rate_limit", mapping(parts)))
        }
        return mapping(pairs)
    }

    private static func reply(_ reply: Behaviour.Reply, prefix: String, status: Int) -> [(String, Node)] {
        switch reply {
        case .reset: return [(prefix + "reset", word("true"))]
        case .answer(let answer): return self.answer(answer, prefix: prefix, status: status)
        case .fault(let fault, let answer):
            return self.answer(answer, prefix: prefix, status: status) + [(prefix + "fault", fault.node)]
        }
    }

    private static func answer(_ answer: Answer, prefix: String, status: Int) -> [(String, Node)] {
        var pairs: [(String, Node)] = []
        if answer.status != status { pairs.append((prefix + "status", number(answer.status))) }
        if !answer.headers.isEmpty {
            pairs.append((prefix + "headers", mapping(answer.headers.map { ($0.name, quoted($0.value)) })))
        }
        if !answer.body.isEmpty { pairs.append((prefix + "body", quoted(answer.body))) }
        if let after = answer.retryAfter { pairs.append((prefix + "retry_after", quoted(after.written))) }
        if answer.dribble > 0 { pairs.append((prefix + "dribble", duration(answer.dribble))) }
        return pairs
    }

    private static func delay(_ delay: Delay) -> Node {
        switch delay {
        case .fixed(let milliseconds): return duration(milliseconds)
        case .uniform(let range):
            return mapping([("uniform", list([duration(range.lowerBound), duration(range.upperBound)]))])
        case .lognormal(let median, let sigma, let most):
            let bell = [("median", duration(median)), ("sigma", word("\(sigma)")), ("most", duration(most))]
            return mapping([("lognormal", mapping(bell))])
        }
    }

    private static func when(_ conditions: Conditions) -> [(String, Node)] {
        var pairs: [(String, Node)] = []
        if let attempts = conditions.attempts { pairs.append(("attempt", word(ProgramQuantity.text(attempts)))) }
        if let requests = conditions.requests { pairs.append(("requests", word(ProgramQuantity.text(requests)))) }
        if !conditions.headers.isEmpty {
            pairs.append(("header", mapping(conditions.headers.map { ($0.name, quoted($0.value.description)) })))
        }
        if !conditions.eventTypes.isEmpty {
            pairs.append(("event_type", list(conditions.eventTypes.map { quoted($0.description) })))
        }
        if !conditions.tenants.isEmpty {
            pairs.append(("tenant", list(conditions.tenants.map { quoted($0.description) })))
        }
        if !conditions.methods.isEmpty { pairs.append(("method", list(conditions.methods.map(word)))) }
        if !conditions.handshakes.isEmpty {
            let isAny = conditions.handshakes == Handshake.allCases
            pairs.append(("handshake", isAny ? word("any") : list(conditions.handshakes.map { word($0.word) })))
        }
        return pairs + common(conditions.window, conditions.share)
    }

    private static func handshakes(_ answered: Set<Handshake>) -> Node {
        answered.isEmpty
            ? quoted("off") : list(Handshake.allCases.filter(answered.contains).map { word($0.word) })
    }

    private static func connection(_ rule: ConnectionRule) -> Node {
        let fault: Node
        if case .resetAfter(let bytes) = rule.fault {
            fault = mapping([("reset_after", number(bytes))])
        } else {
            fault = word(ConnectionFault.words.first { $0.value == rule.fault }?.key ?? "")
        }
        var pairs = [("fault", fault)] + common(rule.window, rule.share)
        if let connections = rule.connections { pairs.append(("connections", word(ProgramQuantity.text(connections)))) }
        return mapping(pairs)
    }

    private static func common(_ window: TimeWindow?, _ share: Share) -> [(String, Node)] {
        var pairs: [(String, Node)] = []
        if let window {
            var parts = [("from", duration(window.from))]
            if let to = window.to { parts.append(("to", duration(to))) }
            if let every = window.every { parts.append(("every", duration(every))) }
            pairs.append(("window", mapping(parts)))
        }
        guard share != .all else { return pairs }
        let ramp = [("from", percent(share.from)), ("to", percent(share.to)), ("over", duration(share.over))]
        pairs.append(("percent", share.over > 0 ? mapping(ramp) : percent(share.to)))
        return pairs
    }

    private static func expectation(_ expectation: ExpectedConduct) -> Node {
        var pairs: [(String, Node)] = [("path", word(expectation.pattern.description))]
        if !expectation.gaps.isEmpty { pairs.append(("gaps", list(expectation.gaps.map(duration)))) }
        pairs.append(("tolerance_percent", percent(expectation.tolerance)))
        if let most = expectation.mostInFlight { pairs.append(("most_in_flight", number(most))) }
        if let order = expectation.order {
            pairs.append(("order", mapping([("key", word(order.keyHeader)), ("number", word(order.numberHeader))])))
        }
        switch expectation.occurredAt {
        case .header(let name): pairs.append(("occurred_at", mapping([("header", quoted(name))])))
        case .member(let name): pairs.append(("occurred_at", mapping([("member", quoted(name))])))
        case nil: break
        }
        return mapping(pairs)
    }
}

// MARK: Nodes

private func mapping(_ pairs: [(String, Node)]) -> Node { Node(pairs.map { (Node($0.0), $0.1) }) }
private func list(_ items: [Node]) -> Node {
    Node(items, Tag(.seq), items.allSatisfy { $0.scalar != nil } ? .flow : .any)
}
private func number(_ number: Int) -> Node { Node("\(number)") }
private func duration(_ milliseconds: Int) -> Node { Node(ProgramQuantity.text(milliseconds)) }
private func word(_ text: String) -> Node { text == "*" ? quoted(text) : Node(text) }
private func quoted(_ text: String) -> Node { Node(text, Tag(.str), .doubleQuoted) }

/// Without a fraction where it has none.
private func percent(_ share: Double) -> Node {
    let percent = (share * 1e8).rounded() / 1e6
    return Node(percent == percent.rounded() ? "\(Int(percent))" : "\(percent)")
}

extension RetryAfter {
    fileprivate var written: String {
        switch self {
        case .seconds(let seconds): "\(seconds)"
        case .date(let seconds): seconds < 0 ? "date\(seconds)" : "date+\(seconds)"
        case .text(let text): text
        }
    }
}

extension Fault {
    fileprivate var node: Node {
        switch self {
        case .resetAfter(let bytes): mapping([("reset_after", number(bytes))])
        case .slowHead(let pause): mapping([("slow_head", duration(pause))])
        case .gzipBomb(let size): mapping([("gzip_bomb", number(size))])
        case .redirectChain(let hops): mapping([("redirect_chain", number(hops))])
        case .redirectTo(let address): mapping([("redirect_to", quoted(address))])
        default: Node(Fault.words.first { $0.value == self }?.key ?? "")
        }
    }
}
