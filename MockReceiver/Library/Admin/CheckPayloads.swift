import Hummingbird
import WebhookModel

struct AwaitPayload: ResponseEncodable {
    let found: Int
    let wanted: Int
    let unseen: Int
    /// Requests had left the journal before they were counted, so there may have been more; or the accounts are full,
    /// so messages without an account may have been counted more than once.
    let inconclusive: Bool
    let tookMs: Int

    init(_ count: MatchCount, isCapped: Bool, wanted: Int, took: Duration) {
        found = count.found
        unseen = count.unseen
        inconclusive = isCapped || (!count.isExact && count.found < wanted)
        self.wanted = wanted
        tookMs = Int(took / .milliseconds(1))
    }
}

struct VerifyPayload: ResponseEncodable {
    struct Finding: Encodable {
        let assertion: String
        let found: Int
        let outcome: String
    }

    let holds: Bool
    let inconclusive: Bool
    let findings: [Finding]

    init(_ report: VerificationReport) {
        holds = report.holds
        inconclusive = report.isInconclusive
        findings = report.findings.map {
            Finding(assertion: $0.assertion.description, found: $0.found, outcome: $0.outcome.rawValue)
        }
    }
}

struct ReconciliationPayload: ResponseEncodable {
    let verdict: String
    let arrived: Int
    let unaccepted: Int
    let lost: Int
    let unknownMissing: Int
    let unknownArrived: Int
    let refusedMissing: Int
    let refusedArrived: Int
    let phantom: Int
    let changed: Int
    let duplicates: Int
    let repeatedLines: Int
    /// As they were written; `hash:` and 32 hex digits if only the hash of another sender's id is known.
    let lostIds: [String]
    /// Their line numbers in the ledger.
    let lostLines: [Int]
    let phantomIds: [String]
    let changedIds: [String]

    /// - Parameter texts: ids as they were written, if they are still in the journal.
    init(_ result: Reconciliation, texts: [EventID: String]) {
        func text(_ id: EventID) -> String {
            texts[id] ?? (result.foreignIDs.contains(id) ? "hash:\(id.webhookID.dropFirst(4))" : id.webhookID)
        }
        verdict = result.verdict.rawValue
        arrived = result.arrived
        unaccepted = result.unaccepted
        lost = result.lost
        unknownMissing = result.unknownMissing
        unknownArrived = result.unknownArrived
        refusedMissing = result.refusedMissing
        refusedArrived = result.refusedArrived
        phantom = result.phantom
        changed = result.changed
        duplicates = result.duplicates
        repeatedLines = result.repeatedLines
        lostIds = result.lostIDs.map(text)
        lostLines = result.lostLines
        phantomIds = result.phantomIDs.map(text)
        changedIds = result.changedIDs.map(text)
    }
}

struct TimelinePayload: ResponseEncodable {
    struct Attempt: Encodable {
        let path: String
        let number: Int
        let attempt: Int
        let atUs: Int64
        /// Since the attempt before at this path.
        let gapUs: Int64?
        let status: Int
        let verdict: String
        let fault: String?
        let bodyLength: Int
    }

    let id: String
    let accounts: [AccountPayload]
    let attempts: [Attempt]
    /// Attempts that have left the journal.
    let unseen: Int

    /// - Parameter entries: of this id, oldest first.
    init(id: String, _ accounts: [(path: String, account: MessageAccount)], _ entries: [JournalEntry]) {
        self.id = id
        self.accounts = accounts.map { AccountPayload(path: $0.path, $0.account) }
        var last: [String: Int64] = [:]
        attempts = entries.map { entry in
            let gap = last[entry.path].map { entry.at - $0 }
            last[entry.path] = entry.at
            return Attempt(
                path: entry.path, number: entry.number, attempt: entry.attempt, atUs: entry.at / 1_000,
                gapUs: gap.map { $0 / 1_000 }, status: entry.status, verdict: entry.verdict.name,
                fault: entry.fault.map(\.word), bodyLength: entry.bodyLength)
        }
        unseen = max(0, accounts.reduce(0) { $0 + Int($1.account.attempts) } - entries.count)
    }
}
