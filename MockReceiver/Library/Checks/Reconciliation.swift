public import WebhookModel

/// A producer's ledger against the receiver's accounts: the proof that nothing was lost.
public struct Reconciliation: Sendable {
    public enum Verdict: String, Sendable {
        /// Everything acknowledged arrived with the right bytes, and nothing else did.
        case proven
        /// Acknowledged messages never arrived.
        case lost
        /// Messages arrived with other bytes, or were never sent.
        case corrupt
        /// Something is missing, and the accounts are known to be incomplete.
        case inconclusive
    }

    /// Messages by class. Each message of the ledger is in one of the first five.
    public internal(set) var arrived = 0
    /// Received, but none of its attempts was answered 2xx yet.
    public internal(set) var unaccepted = 0
    /// Acknowledged and never received.
    public internal(set) var lost = 0
    /// Outcome unknown or refused, and not received: not a loss.
    public internal(set) var unknownMissing = 0
    public internal(set) var refusedMissing = 0
    /// Refused and yet received; counted as arrived too.
    public internal(set) var refusedArrived = 0
    /// Outcome unknown and received; counted as arrived too.
    public internal(set) var unknownArrived = 0
    /// Received, but not in the ledger.
    public internal(set) var phantom = 0
    /// A different body than in the ledger, or bodies that differ between attempts.
    public internal(set) var changed = 0
    /// Received again after a 2xx: requests.
    public internal(set) var duplicates = 0
    /// Lines of the ledger about a message that an earlier line names; together they are one entry.
    public internal(set) var repeatedLines = 0
    /// The first of each kind, as examples.
    public internal(set) var lostIDs: [EventID] = []
    /// Which of these are hashes of another sender's ids.
    public internal(set) var foreignIDs: Set<EventID> = []
    /// The line numbers of the lost messages, in the same order; 0: not from a file.
    public internal(set) var lostLines: [Int] = []
    public internal(set) var phantomIDs: [EventID] = []
    public internal(set) var changedIDs: [EventID] = []
    /// The accounts lack messages that did not fit.
    public let isCapped: Bool

    /// The most ids of each kind that are listed.
    public static let mostNamed = 100

    public var verdict: Verdict {
        if lost > 0 { return isCapped ? .inconclusive : .lost }
        if phantom + changed > 0 { return .corrupt }
        return isCapped ? .inconclusive : .proven
    }

    /// - Parameters:
    ///   - accounts: at these paths only, if `path` is given.
    ///   - isCapped: the accounts are incomplete, so what is missing is unknown, not lost.
    init(_ ledger: [LedgerEntry], _ accounts: MessageAccounts, path: PathPattern?, isCapped: Bool) {
        self.isCapped = isCapped
        // Sorted and searched, not hashed: 40 bytes per entry.
        var ledger = ledger.sorted { ($0.id.high, $0.id.low) < ($1.id.high, $1.id.low) }
        repeatedLines = Reconciliation.join(&ledger)
        var received = [UInt8](repeating: 0, count: ledger.count)
        let isMeant = accounts.paths.map { path?.matches($0) ?? true }
        for account in accounts where isMeant[Int(account.endpoint)] {
            duplicates += Int(account.duplicates)
            guard let place = Reconciliation.place(of: account.id, in: ledger) else {
                phantom += 1
                name(account.id, account.flags.contains(.foreignID), in: \.phantomIDs)
                continue
            }
            received[place] = max(received[place], account.accepted > 0 ? 2 : 1)
            let isOther =
                !account.flags.contains(.bodyUnseen) && ledger[place].bodyHash.map { $0 != account.bodyHash } ?? false
            if isOther || account.flags.contains(.bodyChanged) {
                changed += 1
                name(account.id, account.flags.contains(.foreignID), in: \.changedIDs)
            }
        }
        for place in ledger.indices { count(ledger[place], received[place]) }
    }

    /// Joins adjacent entries with the same id.
    ///
    /// - Returns: how many entries were removed.
    private static func join(_ ledger: inout [LedgerEntry]) -> Int {
        var kept = 0
        for entry in ledger {
            if kept > 0, ledger[kept - 1].id == entry.id {
                ledger[kept - 1] = ledger[kept - 1].joined(entry)
            } else {
                ledger[kept] = entry
                kept += 1
            }
        }
        defer { ledger.removeLast(ledger.count - kept) }
        return ledger.count - kept
    }

    private mutating func count(_ entry: LedgerEntry, _ received: UInt8) {
        guard received == 0 else {
            if received == 2 { arrived += 1 } else { unaccepted += 1 }
            if entry.outcome == .refused { refusedArrived += 1 }
            if entry.outcome == .unknown { unknownArrived += 1 }
            return
        }
        switch entry.outcome {
        case .acknowledged:
            lost += 1
            if lostIDs.count < Reconciliation.mostNamed { lostLines.append(Int(entry.line)) }
            name(entry.id, entry.isForeign, in: \.lostIDs)
        case .refused: refusedMissing += 1
        case .unknown: unknownMissing += 1
        }
    }

    private mutating func name(_ id: EventID, _ isForeign: Bool, in list: WritableKeyPath<Reconciliation, [EventID]>) {
        guard self[keyPath: list].count < Reconciliation.mostNamed else { return }
        self[keyPath: list].append(id)
        if isForeign { foreignIDs.insert(id) }
    }

    /// The entry of that id.
    private static func place(of id: EventID, in ledger: [LedgerEntry]) -> Int? {
        var (low, high) = (0, ledger.count)
        while low < high {
            let middle = (low + high) / 2
            if (ledger[middle].id.high, ledger[middle].id.low) < (id.high, id.low) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ledger.count && ledger[low].id == id ? low : nil
    }
}
