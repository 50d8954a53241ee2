import Yams

extension ProgramFile {
    private static let replyKeys = ["status", "headers", "body", "reset", "retry_after", "dribble", "fault"]
    private static let ruleKeys =
        ["path", "when", "delay", "delay_ms", "rate_limit", "fail_first", "fail_percent"] + replyKeys
        + replyKeys.map { "fail_" + $0 }

    static func rules(_ program: ProgramMapping) -> [BehaviourProgram.Rule] {
        var rules: [BehaviourProgram.Rule] = []
        // Rules without conditions hide later ones.
        var total: [(pattern: PathPattern, line: Int)] = []
        for mapping in program.sections("rules", keys: ruleKeys, most: mostRules) ?? [] {
            guard let rule = rule(mapping) else { continue }
            let line = mapping.node.mark?.line ?? 1
            // Lists of thousands are made by machines.
            if let hiding = total.prefix(100).first(where: { $0.pattern.covers(rule.pattern) }) {
                let mend = "move this one before it, or give that one a `when`"
                mapping.note(
                    "path", "the rule of line \(hiding.line) takes every request to \(rule.pattern) before; \(mend)")
            }
            if rule.conditions == .always { total.append((rule.pattern, line)) }
            rules.append(rule)
        }
        return rules
    }

    private static func rule(_ mapping: ProgramMapping) -> BehaviourProgram.Rule? {
        var behaviour = Behaviour()
        behaviour.reply = reply(mapping, prefix: "", status: 200)
        behaviour.failure = reply(mapping, prefix: "fail_", status: 503)
        behaviour.delay = delay(mapping)
        behaviour.failFirst = mapping.integer("fail_first", in: 0...1_000_000) ?? 0
        behaviour.failShare = (mapping.number("fail_percent", in: 0...100) ?? 0) / 100
        noteIdleFailure(mapping)
        behaviour.rateLimit = mapping.section("rate_limit", keys: RateLimit.keys).flatMap(rateLimit)
        let conditions = mapping.section("when", keys: Conditions.keys).map(conditions) ?? .always
        return mapping.pattern("path").map { BehaviourProgram.Rule($0, when: conditions, behaviour) }
    }

    /// Whoever says what failing attempts get, and not which fail, has forgotten it.
    private static func noteIdleFailure(_ mapping: ProgramMapping) {
        guard !mapping.has("fail_first"), !mapping.has("fail_percent"),
            let key = replyKeys.map({ "fail_" + $0 }).first(where: mapping.has)
        else { return }
        mapping.note(key, "no attempt fails; add which do, as fail_first: 1 or fail_percent: 100")
    }

    /// One reply for the next requests of a path; at least its status or its fault must be said.
    static func strike(_ text: String) throws(ProgramError) -> Strike {
        let notes = ProgramNotes()
        guard let node = try compose(text) else {
            throw ProgramError([ProgramError.Mistake(line: 1, column: 1, text: "nothing is said")])
        }
        let mapping = ProgramMapping(node, "the fault", keys: ["path", "count"] + replyKeys, notes)
        if let mapping, !["status", "reset", "fault"].contains(where: mapping.has) {
            notes.add(node, "give a status, reset or fault")
        }
        let strike = mapping.flatMap { mapping in
            mapping.pattern("path").map { pattern in
                Strike(
                    pattern: pattern, count: mapping.integer("count", in: 1...Strike.most) ?? 1,
                    reply: reply(mapping, prefix: "", status: 200))
            }
        }
        guard let strike, notes.mistakes.isEmpty else { throw ProgramError(notes.mistakes.inOrder) }
        return strike
    }

    // MARK: Replies

    private static func reply(_ mapping: ProgramMapping, prefix: String, status: Int) -> Behaviour.Reply {
        let answer = Answer(
            status: mapping.integer(prefix + "status", in: 200...599) ?? status,
            headers: mapping.headers(prefix + "headers"), body: mapping.text(prefix + "body") ?? "",
            retryAfter: retryAfter(mapping, prefix + "retry_after"),
            dribble: mapping.duration(prefix + "dribble", in: 0...60_000) ?? 0)
        if mapping.flag(prefix + "reset") == true {
            if mapping.has(prefix + "fault") {
                mapping.note(prefix + "fault", "a reset is the whole reply; give one of the two")
            }
            return .reset
        }
        guard mapping.has(prefix + "fault"), let fault = fault(mapping, prefix + "fault") else {
            return .answer(answer)
        }
        return fault == .resetAfter(bytes: 0) ? .reset : .fault(fault, answer)
    }

    /// A number of seconds, `date+SECONDS`, or any text that begins otherwise, which is written as it stands.
    private static func retryAfter(_ mapping: ProgramMapping, _ key: String) -> RetryAfter? {
        guard let text = mapping.text(key) else { return nil }
        if let seconds = Int(text), (0...100_000_000).contains(seconds), "\(seconds)" == text {
            return .seconds(seconds)
        }
        if text.hasPrefix("date"), let seconds = Int(text.dropFirst(4)) {
            guard RetryAfter.dateSeconds.contains(seconds) else {
                let range = RetryAfter.dateSeconds
                mapping.note(key, "expected date\(range.lowerBound) to date+\(range.upperBound)")
                return nil
            }
            return .date(seconds: seconds)
        }
        guard !text.hasPrefix("date+"), !text.hasPrefix("date-") else {
            mapping.note(key, "expected whole seconds behind the sign, as date+5, not \"\(text.prefix(60))\"")
            return nil
        }
        guard Answer.Header("retry-after", text).isLawful else {
            mapping.note(key, "expected seconds, date+SECONDS, or a text without control characters")
            return nil
        }
        return .text(text)
    }

    private static func rateLimit(_ mapping: ProgramMapping) -> RateLimit? {
        guard mapping.has("per_second") else {
            mapping.notes.add(mapping.node, "per_second is missing; give the requests that may come in a second")
            return nil
        }
        guard let perSecond = mapping.number("per_second", in: 0.001...1_000_000) else { return nil }
        let burst = mapping.integer("burst", in: 1...1_000_000) ?? max(1, Int(perSecond.rounded()))
        return RateLimit(perSecond: perSecond, burst: burst, retryAfter: retryAfter(mapping, "retry_after"))
    }

    private static func delay(_ mapping: ProgramMapping) -> Delay {
        let old = mapping.integer("delay_ms", in: 0...Behaviour.mostDelay)
        guard let node = mapping["delay"] else { return .fixed(old ?? 0) }
        if old != nil { mapping.note("delay_ms", "is the old form of delay; give one of the two") }
        guard node.mapping != nil else { return .fixed(mapping.duration("delay") ?? 0) }
        guard let form = mapping.section("delay", keys: ["uniform", "lognormal"]) else { return .none }
        if form.has("uniform") {
            guard let ends = form.durations("uniform", in: 0...Behaviour.mostDelay) else { return .none }
            guard ends.count == 2, ends[0] <= ends[1] else {
                form.note("uniform", "expected the shortest and the longest, as [10ms, 50ms]")
                return .none
            }
            return .uniform(ends[0]...ends[1])
        }
        guard let bell = form.section("lognormal", keys: ["median", "sigma", "most"]) else {
            if !form.has("lognormal") {
                mapping.note("delay", "expected 20ms, {uniform: [10ms, 50ms]} or {lognormal: {median: 50ms, sigma: 1}}")
            }
            return .none
        }
        guard let median = bell.duration("median", in: 1...Behaviour.mostDelay) else {
            if !bell.has("median") { bell.notes.add(bell.node, "median is missing; give a duration, as 50ms") }
            return .none
        }
        let most = bell.duration("most", in: median...Behaviour.mostDelay) ?? min(Behaviour.mostDelay, median * 100)
        return .lognormal(median: median, sigma: bell.number("sigma", in: 0...10) ?? 1, most: most)
    }
}

extension RateLimit {
    static let keys = ["per_second", "burst", "retry_after"]
}
