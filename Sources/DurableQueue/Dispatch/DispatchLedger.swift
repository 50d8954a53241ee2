import HeapModule
import Scheduling
import Store
import WebhookModel

/// Which deliveries are out, which wait in memory, and where the scan of the due index stands. Pure: the writer asks and performs.
///
/// Invariant: every entry of the due index before `scanPlace` is known (held or in a lot) or gone; every entry at or after it that
/// is not known is found by a scan. So a hint may be dropped at any time: `scanPending` brings it back.
struct DispatchLedger {
    private(set) var accounts: [EndpointAccount?] = []
    private(set) var senders: [SenderAccount]
    private(set) var known = KnownDeliveries(minimumCapacity: 32_768)
    private(set) var lotCount = 0
    var refillList: [EndpointNumber] = []

    /// Something due may stand in the index unknown.
    var scanPending = true
    var scanPlace = PendingEntry(
        delivery: DeliveryID(position: EventPosition(0), endpoint: EndpointNumber(0)), dueAt: 0, attempts: 0)
    /// A scan that could place nothing waits for a report, or until a silent sender counts as stalled.
    var scanNotBefore = Int64.min
    /// The earliest future entry, as far as is known; a scan is wanted then.
    var nextDue = Int64.max

    /// Endpoints and tenants that are paused, by when that ends.
    var pauses = Heap<Pause>()
    /// Of those that have one.
    var rates = DispatchRates()

    private let configuration: QueueConfiguration
    /// A sender that reported nothing for so long is stalled: others do not wait for it.
    static let stallMilliseconds: Int64 = 50

    init(senders: Int, configuration: QueueConfiguration) {
        self.senders = Array(repeating: SenderAccount(), count: senders)
        self.configuration = configuration
    }

    // MARK: Endpoints

    mutating func put(_ endpoint: Endpoint, active: Bool) {
        let index = Int(endpoint.number.value)
        while accounts.count <= index { accounts.append(nil) }
        if accounts[index] == nil {
            accounts[index] = EndpointAccount(endpoint: endpoint, sender: index % senders.count, active: active)
        } else {
            accounts[index]!.endpoint = endpoint
            accounts[index]!.active = active
            if endpoint.settings.batch != nil { accounts[index]!.hasBatches = true }
            if endpoint.settings.order.isByKey { accounts[index]!.hasSequences = true }
            wantRefill(index)
        }
        accounts[index]!.setRate(rates.put(endpoint))
    }

    /// Forgets an endpoint. Returns what waited in memory for it: entries of the due index that nobody owns now.
    mutating func remove(_ number: EndpointNumber) -> [PendingEntry] {
        let index = Int(number.value)
        guard index < accounts.count, var account = accounts[index] else { return [] }
        let orphans = account.takeLot(limit: .max)
        for orphan in orphans { known.remove(orphan.delivery) }
        lotCount -= orphans.count
        setBehind(number, false)
        accounts[index] = nil
        rates.remove(number)
        return orphans
    }

    /// Knows of a delivery that the next transaction moves, so that no scan finds it before.
    mutating func remember(_ delivery: DeliveryID) { known.insert(delivery) }

    /// Forgets one delivery that will never be handed over.
    mutating func forget(_ delivery: DeliveryID) { known.remove(delivery) }

    func account(_ number: EndpointNumber) -> EndpointAccount? {
        let index = Int(number.value)
        return index < accounts.count ? accounts[index] : nil
    }

    /// An endpoint as it is now; nil where it is gone.
    func endpoint(_ number: EndpointNumber) -> Endpoint? {
        let index = Int(number.value)
        return index < accounts.count ? accounts[index]?.endpoint : nil
    }

    func isFailing(_ number: EndpointNumber) -> Bool {
        let index = Int(number.value)
        return index < accounts.count && accounts[index]?.isFailing == true
    }

    mutating func markParked(_ number: EndpointNumber) {
        accounts[Int(number.value)]!.hasParked = true
        wantRefill(Int(number.value))
    }

    /// Endpoints with deliveries behind a head.
    private var endpointsWithBehind = 0
    var somebodyIsBehind: Bool { endpointsWithBehind > 0 }

    mutating func setBehind(_ number: EndpointNumber, _ hasBehind: Bool) {
        let index = Int(number.value)
        guard accounts[index] != nil, accounts[index]!.hasBehind != hasBehind else { return }
        accounts[index]!.hasBehind = hasBehind
        endpointsWithBehind += hasBehind ? 1 : -1
    }

    // MARK: Placing

    enum Placement: Equatable {
        /// To the sender, at once.
        case hand
        /// Its endpoint has no room: wait with it.
        case wait
        /// Its sender has no room: leave it to a later scan.
        case leave
        /// The endpoint is gone.
        case orphan
    }

    /// Where a due delivery that is not known yet should go.
    func placement(_ number: EndpointNumber, bytes: Int, now: Int64) -> Placement {
        let index = Int(number.value)
        // Read in place: a copy of the account counts its references up and down, for every delivery.
        guard index < accounts.count, let hasBacklog = accounts[index]?.hasBacklog else { return .orphan }
        guard !hasBacklog, room(of: accounts[index]!, now: now) > 0 else { return .wait }
        return hasRoom(accounts[index]!.sender, bytes: bytes) ? .hand : .leave
    }

    func hasRoom(_ sender: Int, bytes: Int = 0) -> Bool {
        let account = senders[sender]
        guard account.held > 0 else { return true }
        return account.held < configuration.heldPerSender
            && account.heldBytes + bytes <= configuration.heldBytesPerSender
    }

    /// Deliveries handed over and not yet reported.
    var heldCount: Int { senders.reduce(0) { $0 + $1.held } }

    /// A quarter of the room is free: a scan or refill is worth its look-ups.
    func hasAmpleRoom(_ sender: Int) -> Bool {
        senders[sender].held <= configuration.heldPerSender / 4 * 3
            && senders[sender].heldBytes <= configuration.heldBytesPerSender / 4 * 3
    }

    /// Whether a scan now is worth its look-ups.
    func wantsScan(now: Int64) -> Bool {
        scanPending && now >= scanNotBefore && senders.indices.contains(where: hasAmpleRoom)
    }

    func isStalled(_ sender: Int, now: Int64) -> Bool {
        !hasRoom(sender) && now - senders[sender].lastReportAt > DispatchLedger.stallMilliseconds
    }

    /// Counts a delivery as held, takes its token, and puts it with its sender's outgoing ones.
    mutating func hand(_ delivery: DueDelivery, now: Int64) {
        let index = Int(delivery.endpoint.number.value)
        known.insert(delivery.id)
        accounts[index]!.held += 1
        if accounts[index]!.isRated { spend(index, now: now) }
        let sender = accounts[index]!.sender
        senders[sender].held += 1
        senders[sender].heldBytes += delivery.heldBytes
        senders[sender].outgoing.append(delivery)
    }

    /// Keeps a due delivery in memory until its endpoint has room or its lot is parked.
    mutating func wait(_ entry: PendingEntry) {
        known.insert(entry.delivery)
        let index = Int(entry.delivery.endpoint.value)
        accounts[index]!.lot.append(entry)
        lotCount += 1
        // Without anything held no report will come to ask for the refill; nor does one come with a token.
        if accounts[index]!.held == 0 || accounts[index]!.isRated { wantRefill(index) }
    }

    /// The room there is for a walk over the due index.
    func walkState(now: Int64) -> DueWalk.Room {
        DueWalk.Room(
            senders: senders.indices.map { sender in
                hasRoom(sender) ? max(configuration.heldPerSender - senders[sender].held, 1) : 0
            },
            stalled: senders.indices.map { isStalled($0, now: now) }, lots: max(configuration.lotLimit - lotCount, 0))
    }

    var lotIsFull: Bool { lotCount >= configuration.lotLimit }

    /// What leaves for each sender now.
    mutating func takeOutgoing(_ sender: Int) -> [DueDelivery] {
        guard !senders[sender].outgoing.isEmpty else { return [] }
        let outgoing = senders[sender].outgoing
        senders[sender].outgoing = []
        return outgoing
    }

    // MARK: Pauses

    /// Takes a delivery back unsent and pauses its endpoint.
    ///
    /// - Returns: the delivery, where its endpoint is gone: nobody owns it now, and the clean-up after the endpoint passed it over.
    mutating func takeBack(_ returned: ReturnedDelivery, now: Int64) -> Waiting? {
        guard known.remove(returned.delivery) else { return nil }
        scanNotBefore = .min
        let index = Int(returned.delivery.endpoint.value)
        let sender = index % senders.count
        senders[sender].held -= 1
        senders[sender].heldBytes -= returned.heldBytes
        senders[sender].lastReportAt = now
        guard index < accounts.count, accounts[index] != nil else {
            let pending = PendingEntry(delivery: returned.delivery, dueAt: now, attempts: returned.attempts)
            return Waiting(pending: pending, entry: returned.entry)
        }
        accounts[index]!.held -= 1
        accounts[index]!.distrust()
        // It was not sent: the token is still there for the next.
        if accounts[index]!.isRated { refillList += rates.giveBack(accounts[index]!.endpoint, now: now) }
        pause(index, until: now + returned.pause)
        switch returned.entry {
        case .due(let time):
            known.insert(returned.delivery)
            accounts[index]!.lot.append(
                PendingEntry(delivery: returned.delivery, dueAt: time, attempts: returned.attempts))
            lotCount += 1
        case .parked:
            accounts[index]!.hasParked = true
            if returned.delivery.position <= accounts[index]!.parkedPlace {
                accounts[index]!.parkedPlace = EventPosition(returned.delivery.position.value - 1)
            }
        }
        return nil
    }

    mutating func pause(_ index: Int, until: Int64) {
        guard until > accounts[index]!.pausedUntil else { return }
        accounts[index]!.pausedUntil = until
        pauses.insert(Pause(until: until, of: .endpoint(index)))
    }

    /// Ends the pauses whose time has come.
    mutating func endPauses(now: Int64) {
        while let first = pauses.min, first.until <= now {
            pauses.removeMin()
            switch first.of {
            case .endpoint(let index):
                // A later pause of the same endpoint has an entry of its own.
                guard let account = accounts[index], account.pausedUntil == first.until else { continue }
                accounts[index]!.pausedUntil = .min
                wantRefill(index)
            case .endpointRate(let number):
                if rates.open(number, pausedUntil: first.until) { wantRefill(of: number) }
            case .tenantRate(let tenant):
                refillList += rates.open(tenant, pausedUntil: first.until)
            }
        }
    }

    /// When the next pause ends, Unix milliseconds.
    var nextPauseEnd: Int64 { pauses.min?.until ?? .max }

    // MARK: Reports

    /// Gives back what a report's delivery held. False: it was not held (a late report after a removal).
    @discardableResult
    mutating func release(_ report: AttemptReport, now: Int64) -> Bool {
        guard known.remove(report.delivery) else { return false }
        scanNotBefore = .min
        let index = Int(report.delivery.endpoint.value)
        let sender = index % senders.count
        senders[sender].held -= 1
        senders[sender].heldBytes -= report.heldBytes
        senders[sender].lastReportAt = now
        guard index < accounts.count, accounts[index] != nil else { return true }
        accounts[index]!.released(delivered: report.outcome.isDelivered)
        if accounts[index]!.hasBacklog, accounts[index]!.room > accounts[index]!.holdLimit / 2 { wantRefill(index) }
        return true
    }

    /// Lists an endpoint that has a backlog for refilling.
    mutating func wantRefill(of number: EndpointNumber) { wantRefill(Int(number.value)) }

    private mutating func wantRefill(_ index: Int) {
        guard accounts[index]!.hasBacklog, !accounts[index]!.wantsRefill else { return }
        accounts[index]!.wantsRefill = true
        refillList.append(accounts[index]!.endpoint.number)
    }

    /// The endpoints to refill now: those whose sender has room. The others stay listed.
    mutating func takeRefills() -> [EndpointNumber] {
        guard !refillList.isEmpty else { return [] }
        var taken: [EndpointNumber] = []
        var kept: [EndpointNumber] = []
        for number in refillList {
            let index = Int(number.value)
            guard let account = accounts[index], account.wantsRefill else { continue }
            if account.isRated, rates.wait(for: account.endpoint) { continue }
            if hasRoom(account.sender) {
                accounts[index]!.wantsRefill = false
                taken.append(number)
            } else {
                kept.append(number)
            }
        }
        refillList = kept
        return taken
    }

    /// Runs `body` on an account that exists.
    mutating func update<Result>(_ number: EndpointNumber, _ body: (inout EndpointAccount) -> Result) -> Result {
        body(&accounts[Int(number.value)]!)
    }

    /// The next from an endpoint's lot; it stays known.
    mutating func popLot(_ number: EndpointNumber) -> PendingEntry? {
        guard let entry = accounts[Int(number.value)]!.popLot() else { return nil }
        lotCount -= 1
        return entry
    }

    // MARK: Parking

    /// Up to `limit` entries of the lots, sorted by endpoint, for one transaction. They stay known until `parked`.
    mutating func takeForParking(limit: Int) -> [PendingEntry] {
        var taken: [PendingEntry] = []
        for index in accounts.indices where taken.count < limit {
            guard let count = accounts[index]?.lotCount, count > 0 else { continue }
            taken += accounts[index]!.takeLot(limit: limit - taken.count)
        }
        lotCount -= taken.count
        return taken
    }

    /// The transaction did not come about: they wait on.
    mutating func parkingFailed(_ entries: [PendingEntry]) {
        for entry in entries where account(entry.delivery.endpoint) != nil {
            accounts[Int(entry.delivery.endpoint.value)]!.lot.append(entry)
            lotCount += 1
        }
    }

    /// They are parked durably.
    mutating func parked(_ entries: [PendingEntry]) {
        for entry in entries {
            known.remove(entry.delivery)
            let index = Int(entry.delivery.endpoint.value)
            guard accounts[index] != nil else { continue }
            accounts[index]!.hasParked = true
            // A retry of an early event may come to stand before what was read already.
            if entry.delivery.position <= accounts[index]!.parkedPlace {
                accounts[index]!.parkedPlace = EventPosition(entry.delivery.position.value - 1)
            }
            if accounts[index]!.held == 0 || accounts[index]!.isRated { wantRefill(index) }
        }
    }
}
