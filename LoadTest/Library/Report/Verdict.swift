/// The exit codes of the command.
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

    /// The report's word.
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

/// The evidence that a run is judged by.
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
    /// Permanently refused events, and the name of the first refusal.
    package var refused = 0
    package var refusal = ""
    /// Events temporarily not stored (THROTTLED, BUSY, …), events that were never sent because of the window, and all
    /// events.
    package var rejected = 0
    package var unsent = 0
    package var scheduled = 0
    package var invalidReasons: [String] = []
    /// The judged stage's name, its 95th percentile and its limit in milliseconds.
    package var sloStage = ""
    package var sloP95: Double?
    package var sloLimit = 0.0
    /// Further figures, each with a limit.
    package var figures: [FigureVerdict] = []

    package init() {}
}

/// The judgement of the run: the exit code, and every reason, the deciding one first.
package struct Verdict: Sendable, Equatable {
    package var code: ExitCode
    package var reasons: [String]

    /// The share of the scheduled events that may be rejected or never sent before the service level counts as broken.
    package static let turnedAwayShare = 0.001

    /// Proven errors weigh more than slowness: loss, then corruption, then duplicates. An invalid run says nothing
    /// about latency, so invalidity comes before the service level.
    package static func decide(_ evidence: Evidence) -> Verdict {
        var findings: [(code: ExitCode, reason: String)] = []
        if evidence.interrupted {
            findings.append((.interrupted, "interrupted; the figures cover the time until then"))
        }
        findings += proven(evidence)
        if let failure = evidence.failure { findings.append((.couldNotRun, failure)) }
        if evidence.refused > 0 {
            findings.append((.couldNotRun, "\(evidence.refused) events were permanently refused: \(evidence.refusal)"))
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
            findings.append((.corrupt, "\(evidence.unverified) messages arrived with an invalid signature"))
        }
        if evidence.phantom > 0 {
            findings.append((.corrupt, "\(evidence.phantom) messages arrived that were refused or never sent"))
        }
        if evidence.duplicates > evidence.duplicatesAllowed {
            let budget = "\(evidence.duplicates) duplicates after a 2xx; the limit is \(evidence.duplicatesAllowed)"
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
            findings.append((.sloBroken, "\(turnedAway) of \(evidence.scheduled) events were not accepted: \(parts)"))
        }
        return findings
    }
}
