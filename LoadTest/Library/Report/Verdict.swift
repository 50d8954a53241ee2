/// How the command ends.
package enum ExitCode: Int32, Sendable, Codable {
    case pass = 0
    case couldNotRun = 1
    case usage = 2
    case sloBroken = 3
    case lost = 4
    case duplicates = 5
    case invalid = 6
    case corrupt = 7
    case interrupted = 130

    /// The word of the report.
    package var word: String {
        switch self {
        case .pass: "PASS"
        case .couldNotRun: "COULD NOT RUN"
        case .usage: "USAGE"
        case .sloBroken: "SLO BROKEN"
        case .lost: "EVENTS LOST"
        case .duplicates: "DUPLICATES"
        case .invalid: "INVALID"
        case .corrupt: "CORRUPT"
        case .interrupted: "INTERRUPTED"
        }
    }
}

/// What a run is judged by.
package struct Evidence: Sendable {
    package var interrupted = false
    /// Why the load ended early: the connection was lost, every event was refused.
    package var failure: String?
    package var lost = 0
    package var duplicates = 0
    package var duplicatesAllowed = 0
    package var phantom = 0
    package var corrupt = 0
    package var unverified = 0
    /// Events refused for good, and the first refusal's name.
    package var refused = 0
    package var refusal = ""
    /// Events not stored for now (THROTTLED, BUSY, …), events that the server's window never let out, and all.
    package var rejected = 0
    package var unsent = 0
    package var scheduled = 0
    package var invalidReasons: [String] = []
    /// The judged stage's name, its 95th percentile and its limit in milliseconds.
    package var sloStage = ""
    package var sloP95: Double?
    package var sloLimit = 0.0
    /// Further figures, each with its own limit.
    package var figures: [FigureVerdict] = []

    package init() {}
}

/// The run's judgement: the exit code, and every reason in words, the deciding one first.
package struct Verdict: Sendable, Equatable {
    package var code: ExitCode
    package var reasons: [String]

    /// Share of the scheduled events that may be turned away or never leave before the service level counts as broken.
    package static let turnedAwayShare = 0.001

    /// What is proven wrong weighs more than what was merely slow: loss, then corruption, then duplicates; an invalid
    /// run says nothing about latency, so it comes before the service level.
    package static func decide(_ evidence: Evidence) -> Verdict {
        var findings: [(code: ExitCode, reason: String)] = []
        if evidence.interrupted {
            findings.append((.interrupted, "interrupted; the figures cover what was done until then"))
        }
        findings += proven(evidence)
        if let failure = evidence.failure { findings.append((.couldNotRun, failure)) }
        if evidence.refused > 0 {
            findings.append((.couldNotRun, "\(evidence.refused) events were refused for good: \(evidence.refusal)"))
        }
        for reason in evidence.invalidReasons { findings.append((.invalid, reason)) }
        findings += serviceLevel(evidence)
        return Verdict(code: findings.first?.code ?? .pass, reasons: findings.map(\.reason))
    }

    private static func proven(_ evidence: Evidence) -> [(code: ExitCode, reason: String)] {
        var findings: [(code: ExitCode, reason: String)] = []
        if evidence.lost > 0 {
            findings.append((.lost, "\(evidence.lost) acknowledged events never reached the receiver"))
        }
        if evidence.corrupt > 0 {
            findings.append((.corrupt, "\(evidence.corrupt) bodies differ from what was published"))
        }
        if evidence.unverified > 0 {
            findings.append((.corrupt, "\(evidence.unverified) messages came with a signature that does not verify"))
        }
        if evidence.phantom > 0 {
            findings.append((.corrupt, "\(evidence.phantom) messages came that were refused or never sent"))
        }
        if evidence.duplicates > evidence.duplicatesAllowed {
            let budget = "\(evidence.duplicates) duplicates after a 2xx, allowed are \(evidence.duplicatesAllowed)"
            findings.append((.duplicates, budget))
        }
        return findings
    }

    private static func serviceLevel(_ evidence: Evidence) -> [(code: ExitCode, reason: String)] {
        var findings: [(code: ExitCode, reason: String)] = []
        if let p95 = evidence.sloP95, p95 > evidence.sloLimit {
            let limit = Figures.milliseconds(evidence.sloLimit)
            findings.append(
                (.sloBroken, "\(evidence.sloStage) p95 is \(Figures.milliseconds(p95)) ms, the limit \(limit) ms"))
        }
        for figure in evidence.figures where !figure.held { findings.append((.sloBroken, figure.text)) }
        let turnedAway = evidence.rejected + evidence.unsent
        if Double(turnedAway) > Double(evidence.scheduled) * turnedAwayShare {
            let parts = "\(evidence.rejected) answered \"later\", \(evidence.unsent) held back by a full window"
            findings.append((.sloBroken, "\(turnedAway) of \(evidence.scheduled) events did not get in: \(parts)"))
        }
        return findings
    }
}
