import WebhookModel

// Counting how senders behave.
extension ReceiverCore {
    /// Compares a request with what its sender was told and with what the program expects.
    mutating func judge(_ request: ReceivedRequest, _ notes: AttemptNotes, _ view: RequestView) {
        if notes.attempt > 1 { judgeRetry(request, notes) }
        guard let endpoint = request.path.number else { return }
        if endpoints[endpoint].isGone(at: request.at) { change(endpoint) { $0.conduct.requestsAfterGone += 1 } }
        if let field = request.path.expectation?.occurredAt, notes.attempt <= 1, request.isWhole {
            measure(field, request, view, endpoint)
        }
    }

    private mutating func judgeRetry(_ request: ReceivedRequest, _ notes: AttemptNotes) {
        change(request.path.number) { counters in
            if notes.timestampIsStale { counters.conduct.staleTimestamps += 1 }
            if notes.wasGone { counters.conduct.retriesAfterGone += 1 }
            switch notes.waited {
            case true: counters.conduct.retryAfterObeyed += 1
            case false: counters.conduct.retryAfterBroken += 1
            default: break
            }
        }
        guard let gap = notes.gap, let endpoint = request.path.number else { return }
        endpoints[endpoint].add(gap: gap, attempt: notes.attempt)
        guard let expectation = request.path.expectation else { return }
        switch expectation.judge(gap: gap, before: notes.attempt) {
        case nil: break
        case .kept: change(endpoint) { $0.conduct.gapsKept += 1 }
        // A sender that was told to wait may come later than the schedule says.
        case .late where notes.waited == true: change(endpoint) { $0.conduct.gapsKept += 1 }
        case .late: offSchedule(request) { $0.conduct.gapsLate += 1 }
        case .early: offSchedule(request) { $0.conduct.gapsEarly += 1 }
        }
    }

    private mutating func offSchedule(_ request: ReceivedRequest, _ count: (inout ReceiverCounters) -> Void) {
        change(request.path.number, count)
        guard let number = request.path.number, let id = request.id,
            let record = accounts.find(AccountTable.Key(id: id, endpoint: Int32(number)))
        else { return }
        accounts[record].flags.insert(.offSchedule)
    }

    private mutating func measure(
        _ field: ExpectedConduct.Source, _ request: ReceivedRequest, _ view: RequestView, _ endpoint: Int
    ) {
        guard let text = field.text(view), let occurred = EventTime.nanoseconds(text), occurred >= 0 else { return }
        let microseconds = Int((request.at - occurred) / 1_000)
        endpoints[endpoint].add(latency: microseconds)
        latency = latency ?? LatencyTally()
        latency?.add(microseconds)
    }

    // MARK: In flight

    /// Counts the new request among those that wait for their answers.
    mutating func noteInFlight(_ endpoint: Int?, limit: Int?) {
        totals.conduct.mostInFlight = max(totals.conduct.mostInFlight, inFlight + 1)
        guard let endpoint else { return }
        let open = endpoints[endpoint].inFlight + 1
        if open > endpoints[endpoint].counters.conduct.mostInFlight {
            endpoints[endpoint].counters.conduct.mostInFlight = open
        }
        if let limit, open > limit { change(endpoint) { $0.conduct.beyondInFlight += 1 } }
    }

    mutating func begin(_ endpoint: Int?) {
        inFlight += 1
        if let endpoint { endpoints[endpoint].begin() }
    }

    mutating func end(_ endpoint: Int?) {
        inFlight -= 1
        if let endpoint { endpoints[endpoint].end() }
    }

    // MARK: Order

    mutating func accept(_ mark: OrderMark, _ endpoint: Int?) {
        guard let endpoint else { return }
        let mayGrow = orderKeys < configuration.orderKeyCap
        guard let change = endpoints[endpoint].accept(mark, mayGrow: mayGrow) else {
            unordered += 1
            return
        }
        if change.isNewKey { orderKeys += 1 }
        guard change.isInversion || change.missing != 0 else { return }
        self.change(endpoint) { counters in
            if change.isInversion { counters.conduct.inversions += 1 }
            counters.conduct.missingNumbers += change.missing
        }
    }
}

// MARK: Connections

extension ReceiverCore {
    /// Records an accepted connection.
    ///
    /// - Parameter isTLS: whether TLS faults can apply to it.
    /// - Returns: the fault that applies to it. Refusing is the listener's task; a connection that it accepted too late
    /// is reset.
    mutating func connect(now: Int64, isTLS: Bool) -> ConnectionFault? {
        connections += 1
        connectionsEver += 1
        guard !program.connections.isEmpty else { return nil }
        let elapsed = Int((now - programSince) / 1_000_000)
        for (place, rule) in program.connections.enumerated() where isTLS || !rule.fault.isOfTLS {
            if let range = rule.connections, !range.contains(connectionsEver) { continue }
            if let window = rule.window, !window.contains(elapsed) { continue }
            let share = rule.share.value(elapsed)
            let subject = FaultDice.Subject(attempt: connectionsEver)
            guard share >= 1 || program.dice.roll(.connection(rule: place), subject) < share else { continue }
            let fault = rule.fault == .refuse ? .reset : rule.fault
            if fault == .reset { totals.resets += 1 }
            return fault
        }
        return nil
    }

    /// Records that a connection was reset because of what had been read of it.
    mutating func noteReset() { totals.resets += 1 }

    mutating func disconnect() { connections -= 1 }

    /// Whether the port must not listen now, and in how many milliseconds that may change; nil: never.
    func refusal(at now: Int64) -> (refuses: Bool, change: Int?) {
        let elapsed = Int((now - programSince) / 1_000_000)
        let windows = program.connections.filter { $0.fault == .refuse }.map { $0.window ?? TimeWindow() }
        let change = windows.compactMap { $0.change(after: elapsed) }.min()
        return (windows.contains { $0.contains(elapsed) }, change.map { $0 - elapsed })
    }
}
