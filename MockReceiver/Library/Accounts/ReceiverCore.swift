import WebhookModel
import WebhookSigning

/// All decisions and records of the receiving side. No clock, no I/O: the caller passes the time and holds the lock.
struct ReceiverCore {
    private(set) var program: CompiledProgram
    /// Copied from the program, because every request uses it.
    private var dice: FaultDice
    /// Changes with the program and with a reset. What a loop has cached from an older epoch is stale.
    private(set) var epoch = 0
    /// Changes with a reset. Tickets of an older era refer to records that no longer exist.
    var era = 0
    var accounts: AccountTable
    private(set) var journal: Journal
    private(set) var inboxes = InboxTable()
    var endpoints: [EndpointAccount] = []
    private(set) var numbers: [String: Int] = [:]
    var totals = ReceiverCounters()
    var latency: LatencyTally?
    /// When the counters and the program started, Unix nanoseconds.
    private var since: Int64
    private(set) var programSince: Int64
    private var uncounted = 0
    var unordered = 0
    var orderKeys = 0
    private var refused = 0
    /// Requests that carry no message.
    var others = OtherRequests()
    var inFlight = 0
    private var strikes: [OneShot] = []
    var connections = 0
    var connectionsEver = 0
    var waits = WaitList()

    let configuration: ReceiverConfiguration

    /// - Parameter journalFile: gets every request, in addition to the ring.
    init(_ configuration: ReceiverConfiguration, now: Int64, journalFile: JournalFile? = nil) {
        self.configuration = configuration
        program = CompiledProgram(configuration.program)
        dice = program.dice
        accounts = AccountTable(cap: configuration.messageCap)
        journal = Journal(
            capacity: configuration.journalCapacity, excerptBytes: configuration.journalExcerptBytes, file: journalFile)
        since = now
        programSince = now
    }

    // MARK: Paths

    /// A path's endpoint and rules, as loops cache them. Creates the endpoint on first use.
    mutating func resolve(_ path: String) -> ResolvedPath {
        ResolvedPath(path: path, epoch: epoch, number: number(of: path), program: inboxes.program(of: path) ?? program)
    }

    /// Longer paths share one set of counters.
    static let mostPathBytes = 1_024

    /// nil: beyond the cap.
    private mutating func number(of path: String) -> Int? {
        if let number = numbers[path] { return number }
        guard endpoints.count < configuration.endpointCap, path.utf8.count <= ReceiverCore.mostPathBytes else {
            return nil
        }
        numbers[path] = endpoints.count
        endpoints.append(EndpointAccount(path: path))
        return endpoints.count - 1
    }

    // MARK: Requests

    /// Records a whole request and decides its reply. An answer that is neither delayed nor slow counts as written at
    /// `request.at`.
    ///
    /// - Returns: nil: the path was resolved in an older epoch; resolve it again and repeat.
    mutating func receive(
        _ request: ReceivedRequest, _ view: RequestView, excerpt: ReceivedRequest.Excerpt?
    ) -> Decision? {
        guard request.path.epoch == epoch else { return nil }
        let record = place(request)
        let notes = record.map { accounts[$0].add(request) } ?? .none
        count(request, notes, hasRecord: record != nil)
        judge(request, notes, view)
        let choice = choose(request, view, attempt: notes.attempt)
        let endpoint = request.path.number
        let mark = request.path.expectation?.order.flatMap { OrderMark($0, view) }
        var ticket = Ticket(era: era, record: record, endpoint: endpoint, mark: mark)
        noteInFlight(endpoint, limit: request.path.expectation?.mostInFlight)
        if let excerpt { keep(excerpt, request, notes, choice) }
        if choice.delay == 0, choice.reply.isImmediate {
            answered(ticket, choice.reply.outcome, at: request.at)
        } else {
            ticket.isOpen = true
            begin(endpoint)
        }
        return Decision(reply: choice.reply, delay: choice.delay, ticket: ticket)
    }

    /// Whether any request can be answered before it is whole.
    var mayAnswerEarly: Bool { program.isEarly || !strikes.isEmpty }

    /// Records a request of which only the head has come, if a rule already applies.
    ///
    /// - Returns: nil: no rule applies yet; receive it when it is whole.
    mutating func receiveHead(
        _ request: ReceivedRequest, _ view: RequestView, excerpt: ReceivedRequest.Excerpt?
    ) -> Decision? {
        guard request.path.epoch == epoch else { return nil }
        if let next = strikes.first(where: { $0.pattern.matches(request.path.path) }) {
            return next.reply.isEarly ? receive(request, view, excerpt: excerpt) : nil
        }
        guard request.path.isEarly else { return nil }
        let attempts = key(of: request).flatMap { accounts.find($0) }.map { Int(accounts[$0].attempts) } ?? 0
        let moment = self.moment(
            request, attempt: request.id == nil ? 0 : attempts + 1, requests: requests(of: request) + 1,
            ordinal: totals.requests + 1)
        guard let rule = request.path.rules.first(where: { $0.holds(view, moment) }), rule.reply(moment).isEarly else {
            return nil
        }
        return receive(request, view, excerpt: excerpt)
    }

    /// Records that a reply was written or spoilt, or that the connection was reset.
    mutating func answered(_ ticket: Ticket, _ outcome: ReplyOutcome, at now: Int64) {
        guard ticket.era == era else { return }
        if ticket.isOpen { end(ticket.endpoint) }
        var firstAccept = outcome.isAccepted
        if let record = ticket.record { firstAccept = accounts[record].close(outcome, at: now) }
        if firstAccept, let mark = ticket.mark { accept(mark, ticket.endpoint) }
        if outcome.status == 410, let endpoint = ticket.endpoint { endpoints[endpoint].noteGone(at: now) }
        change(ticket.endpoint) { counters in
            if outcome.isReset {
                counters.resets += 1
            } else if outcome.status == 0 {
                counters.spoilt += 1
            } else {
                counters.count(status: outcome.status)
            }
            if firstAccept { counters.accepted += 1 }
        }
    }

    /// Records that the sender disconnected before its reply was written.
    mutating func abandoned(_ ticket: Ticket) {
        guard ticket.era == era else { return }
        if ticket.isOpen { end(ticket.endpoint) }
        change(ticket.endpoint) { $0.abandoned += 1 }
    }

    /// Records a request that was refused before it was whole.
    mutating func refuse() { refused += 1 }

    private func key(of request: ReceivedRequest) -> AccountTable.Key? {
        guard let number = request.path.number, let id = request.id else { return nil }
        return AccountTable.Key(id: id, endpoint: Int32(number))
    }

    private mutating func place(_ request: ReceivedRequest) -> Int? {
        guard let key = key(of: request) else { return nil }
        return accounts.place(key) { MessageAccount(request, id: key.id, endpoint: Int(key.endpoint)) }
    }

    private mutating func count(_ request: ReceivedRequest, _ notes: AttemptNotes, hasRecord: Bool) {
        if request.path.number == nil || (!hasRecord && request.id != nil) { uncounted += 1 }
        change(request.path.number) { counters in
            counters.requests += 1
            counters.bodyBytes += request.bodyLength
            counters.count(request.verdict)
            if let diagnosis = request.diagnosis { counters.count(diagnosis) }
            if request.id == nil { counters.withoutID += 1 }
            if notes.isDuplicate { counters.duplicates += 1 } else if notes.attempt > 1 { counters.retries += 1 }
            if notes.bodyChanged { counters.changedBodies += 1 }
        }
    }

    mutating func change(_ endpoint: Int?, _ body: (inout ReceiverCounters) -> Void) {
        body(&totals)
        if let endpoint { body(&endpoints[endpoint].counters) }
    }

    mutating func keep(
        _ excerpt: ReceivedRequest.Excerpt, _ request: ReceivedRequest, _ notes: AttemptNotes, _ choice: Choice
    ) {
        let entry = journal.append {
            JournalEntry($0, excerpt, request, attempt: notes.attempt, choice.reply, delay: choice.delay)
        }
        if !inboxes.isEmpty { inboxes.keep(entry) }
        // A caller of await waits for messages.
        if request.isMessage, waits.count > 0 { waits.take(entry) }
    }
}

// MARK: Rules

extension ReceiverCore {
    /// The chosen reply for a request.
    struct Choice {
        let reply: RenderedReply
        /// Milliseconds.
        let delay: Int
    }

    private func requests(of request: ReceivedRequest) -> Int {
        request.path.number.map { endpoints[$0].counters.requests } ?? totals.requests
    }

    /// - Parameter ordinal: position among all requests, from 1; it distinguishes requests without an id.
    func moment(_ request: ReceivedRequest, attempt: Int, requests: Int, ordinal: Int) -> CompiledRule.Moment {
        let id = request.id ?? EventID(high: 0, low: UInt64(ordinal))
        return CompiledRule.Moment(
            subject: FaultDice.Subject(path: request.path.hash, id: (id.high, id.low), attempt: attempt),
            requests: requests,
            elapsed: Int((request.at - programSince) / 1_000_000), dice: dice)
    }

    private mutating func choose(_ request: ReceivedRequest, _ view: RequestView, attempt: Int) -> Choice {
        if !strikes.isEmpty, let reply = strike(request.path.path) {
            return Choice(reply: reply.isDynamic ? reply.made(at: request.at, view) : reply, delay: 0)
        }
        if let reply = request.path.onlyReply { return Choice(reply: reply, delay: 0) }
        let moment = self.moment(request, attempt: attempt, requests: requests(of: request), ordinal: totals.requests)
        let rule =
            request.path.rules.first { $0.holds(view, moment) } ?? request.path.rules[request.path.rules.count - 1]
        if let limit = rule.rateLimit, let endpoint = request.path.number,
            let wait = endpoints[endpoint].take(limit, rule: rule.number, now: request.at)
        {
            change(endpoint) { $0.limited += 1 }
            let seconds = Int((wait + 999_999_999) / 1_000_000_000)
            return Choice(reply: .limited(limit.retryAfter ?? .seconds(seconds)).made(at: request.at, view), delay: 0)
        }
        let delay = rule.delay == .none ? 0 : dice.draw(rule.delay, rule: rule.number, moment.subject)
        let reply = rule.reply(moment)
        let made = reply.isDynamic ? reply.made(at: request.at + Int64(delay) * 1_000_000, view) : reply
        return Choice(reply: made, delay: delay)
    }

    private mutating func strike(_ path: String) -> RenderedReply? {
        guard let place = strikes.firstIndex(where: { $0.pattern.matches(path) }) else { return nil }
        strikes[place].left -= 1
        defer { if strikes[place].left == 0 { strikes.remove(at: place) } }
        return strikes[place].reply
    }

    /// The most faults that may wait, because every request checks them.
    static let mostStrikes = 1_000

    /// Makes the next requests of these paths get this reply, whatever the rules say.
    ///
    /// - Returns: false: too many are waiting already.
    mutating func strikeNext(_ count: Int, of pattern: PathPattern, with reply: RenderedReply) -> Bool {
        guard count > 0 else { return true }
        guard strikes.count < ReceiverCore.mostStrikes else { return false }
        strikes.append(OneShot(pattern: pattern, reply: reply, left: count))
        return true
    }

    private struct OneShot {
        let pattern: PathPattern
        let reply: RenderedReply
        var left: Int
    }
}

// MARK: Control

extension ReceiverCore {
    mutating func replace(_ program: CompiledProgram, now: Int64) {
        self.program = program
        dice = self.program.dice
        programSince = now
        epoch += 1
        for endpoint in endpoints.indices { endpoints[endpoint].dropBuckets() }
    }

    /// Forgets all accounts, counters, endpoints, the journal and waiting faults; the program starts again. Waits
    /// continue, from zero.
    mutating func reset(now: Int64) {
        epoch += 1
        era += 1
        accounts = AccountTable(cap: configuration.messageCap)
        endpoints = []
        numbers = [:]
        totals = ReceiverCounters()
        latency = nil
        uncounted = 0
        unordered = 0
        orderKeys = 0
        refused = 0
        others = OtherRequests()
        inFlight = 0
        strikes = []
        connectionsEver = 0
        since = now
        programSince = now
        journal.removeAll()
        inboxes.clear()
        waits.reset()
    }

    var stats: ReceiverStats {
        ReceiverStats(
            since: since, totals: totals, latency: latency?.report, messages: accounts.count,
            accountBytes: accounts.bytes, endpoints: endpoints.count,
            connections: connections, connectionsEver: connectionsEver, refused: refused,
            handshakes: others.handshakes, otherRequests: others.others, uncounted: uncounted, unordered: unordered,
            waiting: waits.count, journalShortfall: journal.shortfall)
    }

    var endpointStats: [EndpointStats] { endpoints.map(\.stats) }

    var snapshot: MessageAccounts {
        MessageAccounts(chunks: accounts.chunks, count: accounts.count, paths: endpoints.map(\.path))
    }

    func account(of id: EventID, path: String) -> MessageAccount? {
        guard let endpoint = numbers[path] else { return nil }
        return accounts.find(AccountTable.Key(id: id, endpoint: Int32(endpoint))).map { accounts[$0] }
    }

    /// The message at every path that has seen it.
    func accounts(of id: EventID) -> [(path: String, account: MessageAccount)] {
        endpoints.indices.compactMap { endpoint in
            accounts.find(AccountTable.Key(id: id, endpoint: Int32(endpoint)))
                .map { (endpoints[endpoint].path, accounts[$0]) }
        }
    }
}

// MARK: Inboxes

extension ReceiverCore {
    mutating func openInbox(now: Int64, lasting nanoseconds: Int64, random: inout some RandomNumberGenerator) -> Inbox?
    {
        defer { epoch += 1 }
        return inboxes.open(now: now, lasting: nanoseconds, random: &random)
    }

    mutating func closeInbox(_ token: String) -> Bool {
        defer { epoch += 1 }
        return inboxes.close(token)
    }

    mutating func expireInboxes(now: Int64) {
        if inboxes.expire(now: now) { epoch += 1 }
    }
}

// MARK: Waiting

extension ReceiverCore {
    /// Adds a wait. If its condition is already true, it is returned by the next `takeSatisfied`.
    ///
    /// - Returns: the wait itself if it was not accepted, because the receiver has stopped.
    mutating func add(_ wait: WaitList.Wait) -> WaitList.Wait? { waits.add(wait, journal.entries) }
    mutating func removeWait(_ token: Int) -> WaitList.Wait? { waits.remove(token) }
    mutating func closeWaits() -> [WaitList.Wait] { waits.close() }

    /// Removes and returns the waits whose conditions are true now.
    mutating func takeSatisfied() -> [WaitList.Wait] {
        waits.count == 0 ? [] : waits.takeSatisfied(by: totals)
    }
}
