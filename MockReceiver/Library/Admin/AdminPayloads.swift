import Foundation
import Hummingbird
import WebhookModel

// The JSON that the admin port writes. Times are Unix microseconds, which every JSON reader represents exactly.

struct CountersPayload: Encodable {
    let requests: Int
    let accepted: Int
    let duplicates: Int
    let retries: Int
    let changedBodies: Int
    let withoutId: Int
    let resets: Int
    let spoilt: Int
    let limited: Int
    let abandoned: Int
    let bodyBytes: Int
    let unverified: Int
    /// By class: `2xx`.
    let answers: [String: Int]
    let verdicts: [String: Int]
    /// The diagnoses of wrong signatures that occurred.
    let diagnoses: [String: Int]
    let conduct: ConductPayload

    init(_ counters: ReceiverCounters) {
        requests = counters.requests
        accepted = counters.accepted
        duplicates = counters.duplicates
        retries = counters.retries
        changedBodies = counters.changedBodies
        withoutId = counters.withoutID
        resets = counters.resets
        spoilt = counters.spoilt
        limited = counters.limited
        abandoned = counters.abandoned
        bodyBytes = counters.bodyBytes
        unverified = counters.unverified
        answers = Dictionary(uniqueKeysWithValues: (2...5).map { ("\($0)xx", counters.answers[$0]) })
        verdicts = Dictionary(uniqueKeysWithValues: Verdict.allCases.map { ($0.name, counters.count(of: $0)) })
        let seen = SignatureDiagnosis.allCases.filter { counters.count(of: $0) > 0 }
        diagnoses = Dictionary(uniqueKeysWithValues: seen.map { ($0.name, counters.count(of: $0)) })
        conduct = ConductPayload(counters.conduct)
    }
}

struct StatsPayload: ResponseEncodable {
    let sinceUs: Int64
    let totals: CountersPayload
    let messages: Int
    /// Bytes used by the accounts.
    let accountBytes: Int
    let endpoints: Int
    let connections: Int
    let connectionsEver: Int
    /// Absent: not requested for any path.
    let latencyUs: LatencyPayload?
    let refused: Int
    /// Requests that carry no message: handshakes, and those of other methods that a rule answered.
    let handshakes: Int
    let otherRequests: Int
    let uncounted: Int
    let inconclusive: Bool
    /// Callers that are waiting, through `await` or the Swift API.
    let waiting: Int
    /// Requests missing in the journal's file, and the reason if a write failed.
    let unjournaled: Int
    let journalFailure: String?

    init(_ stats: ReceiverStats) {
        sinceUs = stats.since / 1_000
        totals = CountersPayload(stats.totals)
        messages = stats.messages
        accountBytes = stats.accountBytes
        endpoints = stats.endpoints
        connections = stats.connections
        connectionsEver = stats.connectionsEver
        latencyUs = stats.latency.map(LatencyPayload.init)
        refused = stats.refused
        handshakes = stats.handshakes
        otherRequests = stats.otherRequests
        uncounted = stats.uncounted
        inconclusive = stats.inconclusive
        waiting = stats.waiting
        unjournaled = stats.journalShortfall.requests
        journalFailure = stats.journalShortfall.reason
    }
}

struct EndpointPayload: Encodable {
    let path: String
    let counters: CountersPayload
    let gaps: [GapPayload]
    let latencyUs: LatencyPayload?

    init(_ stats: EndpointStats) {
        gaps = stats.gaps.enumerated().map { GapPayload(before: $0.offset + 2, $0.element) }
        latencyUs = stats.latency.map(LatencyPayload.init)
        path = stats.path
        counters = CountersPayload(stats.counters)
    }
}

struct MessagePayload: ResponseEncodable {
    let id: String
    let accounts: [AccountPayload]
}

struct AccountPayload: Encodable {
    let path: String
    let attempts: UInt32
    let accepted: UInt32
    let duplicates: UInt32
    let firstSeenUs: Int64
    let lastSeenUs: Int64
    /// Absent: never accepted.
    let firstAcceptedUs: Int64?
    /// Sixteen hex digits.
    let bodyHash: String
    let bodyLength: UInt32
    let bodyChanged: Bool
    let unverified: Bool
    let lastStatus: UInt16
    let lastVerdict: String

    init(path: String, _ account: MessageAccount) {
        self.path = path
        attempts = account.attempts
        accepted = account.accepted
        duplicates = account.duplicates
        firstSeenUs = account.firstSeen / 1_000
        lastSeenUs = account.lastSeen / 1_000
        firstAcceptedUs = account.accepted > 0 ? account.firstAccepted / 1_000 : nil
        let digits = String(account.bodyHash, radix: 16)
        bodyHash = String(repeating: "0", count: 16 - digits.count) + digits
        bodyLength = account.bodyLength
        bodyChanged = account.flags.contains(.bodyChanged)
        unverified = account.flags.contains(.unverified)
        lastStatus = account.lastStatus
        lastVerdict = account.lastVerdict.name
    }
}

struct JournalPayload: ResponseEncodable {
    let number: Int
    let atUs: Int64
    let path: String
    let id: String
    let attempt: Int
    let status: Int
    let verdict: String
    /// Index of the secret that matches; absent: none.
    let key: Int?
    /// Why the signature is wrong, as a word and as a sentence with the remedy.
    let diagnosis: String?
    let advice: String?
    let delayMs: Int
    /// What went wrong with the answer, on purpose.
    let fault: String?
    let head: String
    /// The excerpt as text, or in `bodyBase64` if it is not UTF-8.
    let body: String?
    let bodyBase64: String?
    let bodyLength: Int
    /// False for a request that carries no message, otherwise absent.
    let isMessage: Bool?
    /// Which handshake it is; absent: none.
    let handshake: String?

    init(_ entry: JournalEntry) {
        number = entry.number
        atUs = entry.at / 1_000
        path = entry.path
        id = entry.id
        attempt = entry.attempt
        status = entry.status
        verdict = entry.verdict.name
        key = entry.key
        diagnosis = entry.diagnosis?.name
        advice = entry.diagnosis?.advice
        delayMs = entry.delay
        fault = entry.fault.map(\.word)
        head = String(decoding: entry.head, as: UTF8.self)
        body = String(validating: entry.body, as: UTF8.self)
        bodyBase64 = body == nil ? Data(entry.body).base64EncodedString() : nil
        bodyLength = entry.bodyLength
        isMessage = entry.isMessage ? nil : false
        handshake = entry.handshake?.word
    }
}
