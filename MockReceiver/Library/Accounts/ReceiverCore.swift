import WebhookModel
import WebhookSigning

/// All that receiving decides and remembers. No clock, no I/O: the caller brings the time and holds the lock.
struct ReceiverCore {
    private(set) var program: CompiledProgram
    /// Changes with the program and with a reset: what a loop has cached of an older epoch is stale.
    private(set) var epoch = 0
    /// Changes with a reset: tickets of an older era name records that are gone.
    private var era = 0
    private var accounts: AccountTable
    private(set) var journal: Journal
    private var endpoints: [EndpointAccount] = []
    private var numbers: [String: Int] = [:]
    private var totals = ReceiverCounters()
    private var since: Int64
    private var uncounted = 0
    private var refused = 0
    private(set) var connections = 0
    private var connectionsEver: UInt64 = 0
    private var waits = WaitList()

    private let messageCap: Int
    private let endpointCap: Int

    struct EndpointAccount {
        let path: String
        var counters = ReceiverCounters()
    }

    init(_ configuration: ReceiverConfiguration, now: Int64) {
        program = CompiledProgram(configuration.program)
        messageCap = configuration.messageCap
        endpointCap = configuration.endpointCap
        accounts = AccountTable(cap: messageCap)
        journal = Journal(capacity: configuration.journalCapacity)
        since = now
    }

    // MARK: Paths

    /// A path's endpoint and rules, as loops cache them; makes the endpoint on first use.
    mutating func resolve(_ path: String) -> ResolvedPath {
        let rule = program.secretRule(of: path)
        return ResolvedPath(
            path: path, epoch: epoch, number: number(of: path), behaviour: program.behaviour(of: path),
            secretRule: rule, check: rule.map { program.secrets[$0] })
    }

    /// Nil beyond the cap.
    private mutating func number(of path: String) -> Int? {
        if let number = numbers[path] { return number }
        guard endpoints.count < endpointCap else { return nil }
        numbers[path] = endpoints.count
        endpoints.append(EndpointAccount(path: path))
        return endpoints.count - 1
    }

    // MARK: Requests

    /// Accounts for a whole request and decides its reply. An undelayed answer counts as written at `request.at`.
    ///
    /// - Returns: nil where the path was resolved in an older epoch: resolve again and repeat.
    mutating func receive(_ request: ReceivedRequest, excerpt: ReceivedRequest.Excerpt?) -> Decision? {
        guard request.path.epoch == epoch else { return nil }
        let record = account(for: request)
        count(request, record: record)
        let attempt = record.map { Int(accounts[$0].attempts) } ?? 0
        let id = request.id ?? EventID(high: 0, low: UInt64(totals.requests))
        let behaviour = request.path.behaviour
        let fails = behaviour.fails(
            attempt: attempt, path: request.path.hash, id: (id.high, id.low), dice: program.dice)
        let reply = fails ? behaviour.failure : behaviour.reply
        let ticket = Ticket(era: era, record: record, endpoint: request.path.number)
        if let excerpt {
            journal.append { number in excerpt.entry(number, request, attempt: attempt, status: reply.status) }
        }
        if behaviour.delay == 0 { answered(ticket, status: reply.status, at: request.at) }
        return Decision(reply: reply, delay: behaviour.delay, ticket: ticket)
    }

    /// A reply was written; status 0: the connection was reset.
    mutating func answered(_ ticket: Ticket, status: Int, at now: Int64) {
        guard ticket.era == era else { return }
        let accepted = status / 100 == 2
        var firstAccept = accepted
        if let record = ticket.record {
            accounts[record].lastStatus = UInt16(status)
            if accepted {
                firstAccept = accounts[record].accepted == 0
                accounts[record].accepted += 1
                if firstAccept { accounts[record].firstAccepted = now }
            }
        }
        change(ticket.endpoint) { counters in
            if status == 0 { counters.resets += 1 } else { counters.answers[status / 100] += 1 }
            if firstAccept { counters.accepted += 1 }
        }
    }

    /// The sender went away before its delayed reply was written.
    mutating func abandoned(_ ticket: Ticket) {
        guard ticket.era == era else { return }
        change(ticket.endpoint) { $0.abandoned += 1 }
    }

    /// A request was refused before it was whole.
    mutating func refuse() { refused += 1 }

    private mutating func account(for request: ReceivedRequest) -> Int? {
        guard let number = request.path.number else { return nil }
        guard let id = request.id else { return nil }
        let endpoint = Int32(number)
        let record = accounts.place(AccountTable.Key(id: id, endpoint: endpoint)) {
            MessageAccount(
                id: id, endpoint: endpoint, firstSeen: request.at, lastSeen: request.at, bodyHash: request.bodyHash,
                bodyLength: UInt32(request.bodyLength), flags: request.isForeignID ? .foreignID : [])
        }
        guard let record else { return nil }
        accounts[record].attempts += 1
        accounts[record].lastSeen = request.at
        accounts[record].lastVerdict = request.verdict
        if accounts[record].accepted > 0 { accounts[record].duplicates += 1 }
        if request.verdict != .unchecked, request.verdict != .valid { accounts[record].flags.insert(.unverified) }
        if accounts[record].bodyHash != request.bodyHash || Int(accounts[record].bodyLength) != request.bodyLength {
            accounts[record].flags.insert(.bodyChanged)
        }
        return record
    }

    private mutating func count(_ request: ReceivedRequest, record: Int?) {
        if request.path.number == nil || (record == nil && request.id != nil) { uncounted += 1 }
        let account = record.map { accounts[$0] }
        change(request.path.number) { counters in
            counters.requests += 1
            counters.bodyBytes += request.bodyLength
            counters.verdicts[Int(request.verdict.rawValue)] += 1
            if request.id == nil { counters.withoutID += 1 }
            guard let account else { return }
            if account.duplicates > 0 { counters.duplicates += 1 } else if account.attempts > 1 { counters.retries += 1 }
            let same = account.bodyHash == request.bodyHash && Int(account.bodyLength) == request.bodyLength
            if !same { counters.changedBodies += 1 }
        }
    }

    private mutating func change(_ endpoint: Int?, _ body: (inout ReceiverCounters) -> Void) {
        body(&totals)
        if let endpoint { body(&endpoints[endpoint].counters) }
    }
}

// MARK: Connections

extension ReceiverCore {
    /// A connection was accepted. True: reset it at once.
    mutating func connect() -> Bool {
        connections += 1
        connectionsEver += 1
        guard program.resetOnAccept > 0 else { return false }
        let resets = program.dice.roll(.resetOnAccept, attempt: connectionsEver) < program.resetOnAccept
        if resets { totals.resets += 1 }
        return resets
    }

    mutating func disconnect() { connections -= 1 }
}

// MARK: Control

extension ReceiverCore {
    mutating func replace(_ program: BehaviourProgram) {
        self.program = CompiledProgram(program, previous: self.program.secrets)
        epoch += 1
    }

    /// Forgets all accounts, counters, endpoints and the journal. Waits go on, from zero.
    mutating func reset(now: Int64) {
        epoch += 1
        era += 1
        accounts = AccountTable(cap: messageCap)
        endpoints = []
        numbers = [:]
        totals = ReceiverCounters()
        uncounted = 0
        refused = 0
        since = now
        journal.removeAll()
    }

    var stats: ReceiverStats {
        ReceiverStats(
            since: since, totals: totals, messages: accounts.count, endpoints: endpoints.count,
            connections: connections, connectionsEver: Int(connectionsEver), refused: refused, uncounted: uncounted)
    }

    var endpointStats: [EndpointStats] {
        endpoints.map { EndpointStats(path: $0.path, counters: $0.counters) }
    }

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

// MARK: Waiting

extension ReceiverCore {
    /// Remembers a wait; a condition that holds already comes back with the next `takeSatisfied`.
    ///
    /// - Returns: false: the receiver has stopped.
    mutating func add(_ wait: WaitList.Wait) -> Bool { waits.add(wait) }
    mutating func removeWait(_ token: Int) -> WaitList.Wait? { waits.remove(token) }
    mutating func closeWaits() -> [WaitList.Wait] { waits.close() }

    /// The waits whose conditions hold now, removed.
    mutating func takeSatisfied() -> [WaitList.Wait] {
        waits.isEmpty ? [] : waits.takeSatisfied(by: totals)
    }
}
