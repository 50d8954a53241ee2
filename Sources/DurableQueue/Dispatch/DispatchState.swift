import HeapModule
package import Scheduling
package import Store
package import WebhookModel

/// Which deliveries senders hold, which wait in memory, and how far the due index was read. Pure: the writer asks and performs.
///
/// Invariant, for each sender: every entry of the due index before its `scanPlace` is known (held, or in a lot) or gone, and every entry at
/// or after it that is not known is found by a scan. So a hint may be dropped at any time: `isScanPending` brings it back.
package struct DispatchState {
    package internal(set) var senders: [SenderLoad]
    package internal(set) var known = KnownDeliveries(minimumCapacity: Limits.lotEntries)
    package internal(set) var lotCount = 0
    package private(set) var refillList: [EndpointNumber] = []
    /// The earliest entry of the due index that is in the future, as far as is known: a scan is wanted then.
    package private(set) var nextDue = Int64.max
    /// Endpoints and tenants that are paused, by when that ends.
    private var pauses = Heap<Pause>()
    /// Endpoints with deliveries behind a head.
    private var endpointsWithBehind = 0

    private let heldPerSender: Int
    private let heldBytesPerSender: Int
    private let lotLimit: Int

    package init(senders: Int, configuration: QueueConfiguration) {
        self.senders = Array(repeating: SenderLoad(), count: senders)
        heldPerSender = configuration.heldPerSender
        heldBytesPerSender = configuration.heldBytesPerSender
        lotLimit = configuration.lotLimit
    }

    // MARK: Endpoints

    /// An endpoint's settings, activity or rate changed: what waits for it may go now.
    package mutating func changed(_ number: EndpointNumber, _ registry: inout EndpointRegistry) {
        if let slot = registry.slot(number) { wantRefill(slot, &registry) }
    }

    /// Forgets an endpoint's deliveries that wait in memory.
    ///
    /// - Returns: them, as entries of the due index that belong to no endpoint now. They stay known until they are cancelled.
    package mutating func remove(_ number: EndpointNumber, _ registry: inout EndpointRegistry) -> [PendingEntry] {
        setBehind(number, false, &registry)
        let orphans = registry.remove(number)
        lotCount -= orphans.count
        return orphans
    }

    /// An endpoint's deliveries do not wait any longer.
    ///
    /// - Returns: those that wait in memory, as entries of the due index. They stay known until they are dead letters.
    package mutating func giveUp(_ slot: Int, _ registry: inout EndpointRegistry) -> [PendingEntry] {
        registry[slot].isGivenUp = true
        let orphans = registry[slot].takeLot(limit: .max)
        lotCount -= orphans.count
        return orphans
    }

    /// Keeps a delivery known that the next transaction moves, so that no scan finds it before.
    package mutating func remember(_ delivery: DeliveryID) { known.insert(delivery) }

    /// Forgets a delivery that is not handed over: it was moved, or is final.
    package mutating func forget(_ delivery: DeliveryID) { known.remove(delivery) }

    package mutating func markParked(_ number: EndpointNumber, _ registry: inout EndpointRegistry) {
        guard let slot = registry.slot(number) else { return }
        registry[slot].hasParked = true
        wantRefill(slot, &registry)
    }

    /// Whether deliveries wait behind the head of a sequence.
    package var hasBehind: Bool { endpointsWithBehind > 0 }

    package mutating func setBehind(_ number: EndpointNumber, _ hasBehind: Bool, _ registry: inout EndpointRegistry) {
        guard let slot = registry.slot(number), registry[slot].hasBehind != hasBehind else { return }
        registry[slot].hasBehind = hasBehind
        endpointsWithBehind += hasBehind ? 1 : -1
    }

    // MARK: Placing

    package enum Placement: Equatable {
        /// To the sender, at once.
        case hand
        /// Its endpoint takes no more now: keep it in the endpoint's lot.
        case wait
        /// Its sender takes no more now: leave it to a later scan.
        case leave
        /// The endpoint is gone, or was given up.
        case orphan
    }

    /// Where a due delivery that is not known yet should go.
    package func placement(_ slot: Int?, bytes: Int, now: Int64, _ registry: inout EndpointRegistry) -> Placement {
        guard let slot, !registry[slot].isGivenUp else { return .orphan }
        guard !registry[slot].hasBacklog, room(of: slot, now: now, &registry) > 0 else { return .wait }
        let sender = registry[slot].sender
        return hasRoom(sender, bytes: bytes) && !senders[sender].hasLeftForLong(now: now) ? .hand : .leave
    }

    package func hasRoom(_ sender: Int, bytes: Int = 0) -> Bool {
        guard senders[sender].held > 0 else { return true }
        return senders[sender].held < heldPerSender && senders[sender].heldBytes + bytes <= heldBytesPerSender
    }

    /// How many more deliveries of a tenant a sender may hold: a quarter of its capacity and, beyond that, twice what is free. So a tenant
    /// whose endpoints are all dead leaves capacity to others. A tenant that has the server to itself may use everything.
    private func shareLeft(ofTenantSlot slot: Int, in sender: Int, _ registry: inout EndpointRegistry) -> Int {
        guard registry.tenantsWithEndpoints > 1 else { return .max }
        let free = heldPerSender - senders[sender].held
        // A full sender is another answer: the due index keeps what is left.
        guard free > 0 else { return .max }
        return max(heldPerSender / 4, 2 * free) - senders[sender].held(ofTenantSlot: slot)
    }

    /// How many deliveries an endpoint may have now: what its sender may hold of it, and what the rates let through.
    package func room(of slot: Int, now: Int64, _ registry: inout EndpointRegistry) -> Int {
        let tenant = registry[slot].tenantSlot
        let sender = registry[slot].sender
        let room = min(registry[slot].room, shareLeft(ofTenantSlot: tenant, in: sender, &registry))
        guard registry[slot].isRated, room > 0 else { return room }
        return min(
            room, registry[slot].gate?.available(now: now) ?? .max,
            registry[tenantSlot: tenant].gate?.available(now: now) ?? .max)
    }

    /// Deliveries handed over and not yet reported.
    package var heldCount: Int { senders.reduce(0) { $0 + $1.held } }

    /// A quarter of the capacity is free: a scan or refill is worth its look-ups.
    package func hasAmpleRoom(_ sender: Int) -> Bool {
        senders[sender].held <= heldPerSender / 4 * 3 && senders[sender].heldBytes <= heldBytesPerSender / 4 * 3
    }

    /// Counts a delivery as held, takes its tokens, and adds it to what leaves for its sender.
    package mutating func hand(_ delivery: DueDelivery, slot: Int, now: Int64, _ registry: inout EndpointRegistry) {
        known.insert(delivery.id)
        registry[slot].held += 1
        if registry[slot].isRated { takeTokens(slot, now: now, &registry) }
        let sender = registry[slot].sender
        senders[sender].take(delivery.heldBytes, ofTenantSlot: registry[slot].tenantSlot)
        senders[sender].outgoing.append(delivery)
    }

    /// Keeps a due delivery in memory until its endpoint takes it or its lot is parked.
    package mutating func wait(_ entry: PendingEntry, slot: Int, _ registry: inout EndpointRegistry) {
        known.insert(entry.delivery)
        registry[slot].lot.append(entry)
        lotCount += 1
        // Without anything held no report will come to ask for the refill; nor does one come with a token.
        if registry[slot].held == 0 || registry[slot].isRated { wantRefill(slot, &registry) }
    }

    /// Deliveries that a sender may still take.
    package func freePlaces(_ sender: Int) -> Int {
        hasRoom(sender) ? max(heldPerSender - senders[sender].held, 1) : 0
    }

    /// Entries that the lots may still take.
    package var freeLotPlaces: Int { max(lotLimit - lotCount, 0) }
    package var lotIsFull: Bool { lotCount >= lotLimit }

    /// The deliveries that leave for a sender now.
    package mutating func takeOutgoing(_ sender: Int) -> [DueDelivery] {
        guard !senders[sender].outgoing.isEmpty else { return [] }
        let outgoing = senders[sender].outgoing
        senders[sender].outgoing = []
        return outgoing
    }

    // MARK: The scan of the due index

    /// Senders for which a scan is worth its look-ups now.
    package func sendersToScan(now: Int64) -> [Int] { senders.indices.filter { wantsScan($0, now: now) } }

    private func wantsScan(_ sender: Int, now: Int64) -> Bool {
        senders[sender].isScanPending && senders[sender].scanNotBefore <= now && hasAmpleRoom(sender)
    }

    /// When the next scan is to begin, Unix milliseconds; 0: now.
    package var nextScan: Int64 {
        var next = Int64.max
        for sender in senders.indices where senders[sender].isScanPending && hasAmpleRoom(sender) {
            next = min(next, max(senders[sender].scanNotBefore, 0))
        }
        return next
    }

    /// A due entry of a sender was left in the index.
    package mutating func leave(toScanOf sender: Int, now: Int64) {
        senders[sender].isScanPending = true
        if senders[sender].leftSince == nil { senders[sender].leftSince = now }
    }

    /// An entry that is due at this time came into the index.
    package mutating func noteDue(at time: Int64) { nextDue = min(nextDue, time) }

    /// The time of the earliest future entry has come: each sender looks for its own.
    package mutating func wakeScans(now: Int64) {
        guard now >= nextDue else { return }
        nextDue = .max
        for sender in senders.indices { leave(toScanOf: sender, now: now) }
    }

    /// A scan of a sender ended.
    ///
    /// - Parameters:
    ///   - place: every entry of the sender before it is known or gone.
    ///   - nextDue: the time of the entry that is not due yet, at which the scan ended; nil: it was interrupted and goes on later.
    ///   - notBefore: when it goes on at the earliest, unless something is released before.
    ///   - now: Unix milliseconds.
    package mutating func endScan(
        of sender: Int, at place: PendingEntry, nextDue: Int64?, notBefore: Int64 = .min, now: Int64
    ) {
        // Where it made no progress, the entries wait on.
        if nextDue != nil {
            senders[sender].leftSince = nil
        } else if notBefore == .min {
            senders[sender].leftSince = now
        }
        senders[sender].scanPlace = place
        senders[sender].isScanPending = nextDue == nil
        senders[sender].scanNotBefore = notBefore
        if let nextDue { noteDue(at: nextDue) }
    }

    // MARK: Pauses

    /// Takes a delivery back that was not sent, and pauses its endpoint.
    ///
    /// - Returns: the delivery, where its endpoint was removed: it is to be cancelled.
    package mutating func takeBack(
        _ returned: ReturnedDelivery, now: Int64, _ registry: inout EndpointRegistry
    ) -> Waiting? {
        guard known.remove(returned.delivery), let slot = registry.slotWithRemoved(returned.delivery.endpoint) else {
            return nil
        }
        let pending = PendingEntry(
            delivery: returned.delivery, dueAt: DispatchState.dueAt(of: returned.entry) ?? now,
            attempts: returned.attempts)
        let sender = registry[slot].sender
        senders[sender].giveBack(returned.heldBytes, ofTenantSlot: registry[slot].tenantSlot)
        senders[sender].scanNotBefore = .min
        guard registry.release(slot, delivered: nil) else {
            known.insert(returned.delivery)
            return Waiting(pending: pending, entry: returned.entry)
        }
        guard !registry[slot].isGivenUp else {
            known.insert(returned.delivery)
            return Waiting(pending: pending, entry: returned.entry)
        }
        let pause = registry[slot].isAt(returned.destination) ? returned.pause : 0
        if pause > 0 { registry[slot].reduceHoldLimit() }
        // It was not sent: its tokens are there for the next.
        if registry[slot].isRated { giveTokensBack(slot, now: now, &registry) }
        if pause > 0 { self.pause(slot, until: now + pause, &registry) }
        switch returned.entry {
        case .due:
            known.insert(returned.delivery)
            registry[slot].lot.append(pending)
            lotCount += 1
        case .parked:
            registry[slot].readParkedAgain(from: returned.delivery.position)
        }
        if pause == 0 { wantRefill(slot, &registry) }
        return nil
    }

    private static func dueAt(of entry: QueueEntry) -> Int64? {
        if case .due(let time) = entry { time } else { nil }
    }

    /// Nothing of an endpoint is handed over before the time, Unix milliseconds. A pause is never shortened.
    package mutating func pause(_ slot: Int, until: Int64, _ registry: inout EndpointRegistry) {
        guard until > registry[slot].pausedUntil else { return }
        registry[slot].pausedUntil = until
        pauses.insert(Pause(until: until, of: .endpoint(registry[slot].number)))
    }

    /// Ends the pauses whose time has come.
    package mutating func endPauses(now: Int64, _ registry: inout EndpointRegistry) {
        while let first = pauses.min, first.until <= now {
            pauses.removeMin()
            switch first.of {
            case .endpoint(let number):
                // A later pause of the same endpoint has an entry of its own.
                guard let slot = registry.slot(number), registry[slot].pausedUntil == first.until else { continue }
                registry[slot].pausedUntil = .min
                wantRefill(slot, &registry)
            case .endpointGate(let number):
                guard let slot = registry.slot(number) else { continue }
                if registry[slot].gate?.open(closedUntil: first.until) == true { wantRefill(slot, &registry) }
            case .tenantGate(let tenant):
                guard let slot = registry.tenants.slot(tenant.value) else { continue }
                if registry[tenantSlot: slot].gate?.open(closedUntil: first.until) == true {
                    refillList += registry[tenantSlot: slot].takeWaiting()
                }
            }
        }
    }

    /// When the next pause ends, Unix milliseconds.
    package var nextPauseEnd: Int64 { pauses.min?.until ?? .max }

    // MARK: Tokens

    /// Takes a token of the endpoint's gate and one of its tenant's; the last one closes the gate.
    private mutating func takeTokens(_ slot: Int, now: Int64, _ registry: inout EndpointRegistry) {
        if let until = registry[slot].gate?.take(now: now) {
            pauses.insert(Pause(until: until, of: .endpointGate(registry[slot].number)))
        }
        let tenantSlot = registry[slot].tenantSlot
        if let until = registry[tenantSlot: tenantSlot].gate?.take(now: now) {
            pauses.insert(Pause(until: until, of: .tenantGate(registry[slot].endpoint.tenant)))
        }
    }

    private mutating func giveTokensBack(_ slot: Int, now: Int64, _ registry: inout EndpointRegistry) {
        registry[slot].gate?.giveBack(now: now)
        let tenantSlot = registry[slot].tenantSlot
        guard registry[tenantSlot: tenantSlot].gate != nil else { return }
        let wasClosed = registry[tenantSlot: tenantSlot].gate!.isClosed
        registry[tenantSlot: tenantSlot].gate!.giveBack(now: now)
        if wasClosed { refillList += registry[tenantSlot: tenantSlot].takeWaiting() }
    }

    // MARK: Reports

    /// Releases a reported delivery.
    ///
    /// - Returns: false: it was not held (it was reported before).
    @discardableResult
    package mutating func release(
        _ report: AttemptReport, now: Int64, _ registry: inout EndpointRegistry
    ) -> Bool {
        guard known.remove(report.delivery), let slot = registry.slotWithRemoved(report.delivery.endpoint) else {
            return false
        }
        let sender = registry[slot].sender
        senders[sender].giveBack(report.heldBytes, ofTenantSlot: registry[slot].tenantSlot)
        senders[sender].scanNotBefore = .min
        guard registry.release(slot, delivered: report.outcome.isDelivered) else { return true }
        if registry[slot].hasBacklog, registry[slot].room > registry[slot].holdLimit / 2 { wantRefill(slot, &registry) }
        return true
    }

    // MARK: Refills

    /// Lists an endpoint that has a backlog for refilling.
    package mutating func wantRefill(_ slot: Int, _ registry: inout EndpointRegistry) {
        guard registry[slot].hasBacklog, !registry[slot].wantsRefill else { return }
        registry[slot].wantsRefill = true
        refillList.append(registry[slot].number)
    }

    /// Lists endpoints again that waited for a tenant's gate.
    package mutating func refill(_ released: [EndpointNumber]) { refillList += released }

    /// Whether an endpoint should be listed again after a refill. If not, a report, its tenant's gate or its own gate will list it.
    package func wantsRefillAgain(_ slot: Int, _ registry: inout EndpointRegistry) -> Bool {
        registry[slot].hasBacklog && registry[slot].room > 0
            && !(registry[slot].isRated && registry[slot].gate?.isClosed == true)
    }

    /// The slots of endpoints to refill now: those whose sender takes deliveries. The others stay listed.
    package mutating func takeRefills(_ registry: inout EndpointRegistry) -> [Int] {
        guard !refillList.isEmpty else { return [] }
        var taken: [Int] = []
        var kept: [EndpointNumber] = []
        for number in refillList {
            guard let slot = registry.slot(number), registry[slot].wantsRefill else { continue }
            if registry[slot].isRated, registry[tenantSlot: registry[slot].tenantSlot].gate?.isClosed == true {
                registry[tenantSlot: registry[slot].tenantSlot].waiting.append(number)
                continue
            }
            if hasRoom(registry[slot].sender) {
                registry[slot].wantsRefill = false
                taken.append(slot)
            } else {
                kept.append(number)
            }
        }
        refillList = kept
        return taken
    }

    /// The next from an endpoint's lot; it stays known.
    package mutating func popLot(_ slot: Int, _ registry: inout EndpointRegistry) -> PendingEntry? {
        guard let entry = registry[slot].popLot() else { return nil }
        lotCount -= 1
        return entry
    }
}
