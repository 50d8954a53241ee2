import Yams

extension ProgramFile {
    static func conditions(_ mapping: ProgramMapping) -> Conditions {
        var conditions = Conditions()
        conditions.attempts = mapping.span("attempt")
        conditions.requests = mapping.span("requests")
        conditions.headers =
            mapping.pairs("header", "header names and values, exact or ending with *, as {x-tier: gold}")?
            .map { HeaderCondition($0.name, TextPattern($0.value)) } ?? []
        conditions.eventTypes = mapping.texts("event_type")?.map(TextPattern.init) ?? []
        conditions.tenants = mapping.texts("tenant")?.map(TextPattern.init) ?? []
        conditions.methods = methods(mapping)
        conditions.handshakes = handshakeCondition(mapping)
        conditions.window = window(mapping)
        conditions.share = share(mapping)
        return conditions
    }

    static func connectionRule(_ mapping: ProgramMapping) -> ConnectionRule? {
        guard mapping.has("fault") else {
            let words = ConnectionFault.words.keys.sorted() + ConnectionFault.forms.values.sorted()
            let known = words.joined(separator: ", ")
            mapping.notes.add(mapping.node, "fault is missing; give one of \(known)")
            return nil
        }
        guard let fault = connectionFault(mapping) else { return nil }
        if fault == .refuse {
            for key in ["percent", "connections"] where mapping.has(key) {
                mapping.note(key, "a port that refuses is closed for everyone; use only a window, or fault: reset")
            }
        }
        return ConnectionRule(
            fault, window: window(mapping), share: share(mapping), connections: mapping.span("connections"))
    }

    private static func connectionFault(_ mapping: ProgramMapping) -> ConnectionFault? {
        guard mapping["fault"]?.mapping != nil else {
            let word = mapping["fault"]?.scalar?.string ?? ""
            if let fault = ConnectionFault.words[word] { return fault }
            let words = ConnectionFault.words.keys.sorted()
            mapping.note("fault", noFault(word, among: words, forms: ConnectionFault.forms))
            return nil
        }
        guard let form = mapping.section("fault", keys: ["reset_after"]) else { return nil }
        guard form.has("reset_after") else {
            mapping.note("fault", "expected {reset_after: BYTES}")
            return nil
        }
        return form.integer("reset_after", in: 1...1_000_000_000).map { .resetAfter(bytes: $0) }
    }

    private static func window(_ mapping: ProgramMapping) -> TimeWindow? {
        guard let form = mapping.section("window", keys: ["from", "to", "every"]) else { return nil }
        let window = TimeWindow(
            from: form.duration("from") ?? 0, to: form.duration("to", in: 1...Behaviour.mostDelay),
            every: form.duration("every", in: 1...Behaviour.mostDelay))
        if let to = window.to, to <= window.from { form.note("to", "must be after from") }
        if let every = window.every {
            if window.from >= every { form.note("from", "must be before every, which is one whole period") }
            if let to = window.to, to > every { form.note("to", "must not be after every, which is one whole period") }
        }
        return window
    }

    /// `percent: 5`, or `percent: {from: 0, to: 80, over: 60s}`.
    private static func share(_ mapping: ProgramMapping) -> Share {
        guard mapping["percent"]?.mapping != nil else {
            return mapping.number("percent", in: 0...100).map { Share($0 / 100) } ?? .all
        }
        guard let form = mapping.section("percent", keys: ["from", "to", "over"]) else { return .all }
        guard let from = form.number("from", in: 0...100), let to = form.number("to", in: 0...100),
            let over = form.duration("over", in: 1...Behaviour.mostDelay)
        else {
            if !(form.has("from") && form.has("to") && form.has("over")) {
                form.notes.add(form.node, "percent: expected from, to and over, such as {from: 0, to: 80, over: 60s}")
            }
            return .all
        }
        return Share(from: from / 100, to: to / 100, over: over)
    }
}

extension Conditions {
    static let keys = [
        "attempt", "requests", "header", "event_type", "tenant", "method", "handshake", "window", "percent",
    ]
}

extension ConnectionRule {
    static let keys = ["fault", "window", "percent", "connections"]
}
