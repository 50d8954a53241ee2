/// How senders followed what they were told.
struct ConductPayload: Encodable {
    let staleTimestamps: Int
    let retryAfterObeyed: Int
    let retryAfterBroken: Int
    let retriesAfterGone: Int
    let requestsAfterGone: Int
    let gapsKept: Int
    let gapsEarly: Int
    let gapsLate: Int
    let mostInFlight: Int
    let beyondInFlight: Int
    let inversions: Int
    let missingNumbers: Int

    init(_ conduct: ConductCounters) {
        staleTimestamps = conduct.staleTimestamps
        retryAfterObeyed = conduct.retryAfterObeyed
        retryAfterBroken = conduct.retryAfterBroken
        retriesAfterGone = conduct.retriesAfterGone
        requestsAfterGone = conduct.requestsAfterGone
        gapsKept = conduct.gapsKept
        gapsEarly = conduct.gapsEarly
        gapsLate = conduct.gapsLate
        mostInFlight = conduct.mostInFlight
        beyondInFlight = conduct.beyondInFlight
        inversions = conduct.inversions
        missingNumbers = conduct.missingNumbers
    }
}

/// Gaps before one attempt, milliseconds.
struct GapPayload: Encodable {
    let beforeAttempt: Int
    let count: Int
    let leastMs: Int
    let meanMs: Int
    let mostMs: Int

    init(before attempt: Int, _ gap: ObservedGap) {
        beforeAttempt = attempt
        count = gap.count
        leastMs = gap.count == 0 ? 0 : gap.least
        meanMs = gap.mean
        mostMs = gap.most
    }
}

struct LatencyPayload: Encodable {
    let count: Int
    let negative: Int
    let p50: Int
    let p95: Int
    let p99: Int
    let most: Int

    init(_ report: LatencyReport) {
        count = report.count
        negative = report.negative
        p50 = report.p50
        p95 = report.p95
        p99 = report.p99
        most = report.most
    }
}

extension SignatureDiagnosis {
    /// What the sender most likely did wrong, and the remedy.
    var advice: String {
        switch self {
        case .reserialisedJSON: "The sender signed different JSON than it sent. Sign exactly the bytes that are sent."
        case .wrongEncoding: "The signature is hex instead of base64, or base64 instead of hex."
        case .prefixMissing:
            "The signature lacks the prefix that the scheme requires, such as v1, or sha256=."
        case .secretNotDecoded: "The written secret was used as the key. Remove its prefix and decode its base64."
        case .secretDecoded: "The secret was base64-decoded. In this scheme its text is the key."
        case .timestampNotSigned: "The timestamp is missing from the signed text. Sign id.timestamp.body."
        case .idNotSigned: "The id is missing from the signed text. Sign id.timestamp.body."
        case .onlyBodySigned: "Only the body was signed. Sign id.timestamp.body."
        case .otherEndpoint: "It was signed with another endpoint's secret."
        case .retiredSecret: "It was signed with a secret of this endpoint that has been replaced."
        case .otherScheme: "It was signed correctly, but with another scheme. Compare the scheme on both sides."
        case .reserialisedNumbers:
            "The sender signed other digits of the same numbers than it sent, as 10.50 and 10.5. Sign exactly the bytes that are sent."
        case .timestampInMilliseconds:
            "The signature is right, but its timestamp is in milliseconds or a finer unit. Send and sign Unix seconds."
        case .emptyBodySigned: "An empty body was signed. The body had probably been read before it was signed."
        case .unknown: "No common mistake explains this signature. Compare the secrets on both sides."
        }
    }
}
