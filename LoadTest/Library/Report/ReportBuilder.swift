import Foundation
import WireProtocol

/// Turns a run's outcome into its report and verdict.
struct ReportBuilder {
    let plan: RunPlan
    let receiver: ReceiverSide
    let terms: ServerTerms
    let startWall: Int64
    /// When the load was over.
    let drainStart: Int64
    let costs: RunCosts

    func build(_ outcome: RunOutcome, interrupted: Bool) -> Report {
        var report = Report()
        describe(&report)
        count(&report, outcome)
        measure(&report, outcome)
        cost(&report, outcome)
        judge(&report, outcome, interrupted: interrupted)
        return report
    }

    private func describe(_ report: inout Report) {
        report.command = plan.command
        report.startedAt = ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(startWall) / 1e9))
        report.seed = plan.seed
        report.arrivals = plan.isClosedLoop ? "closed loop" : plan.arrivals.rawValue
        report.offeredPerSecond = plan.rate
        report.seconds = plan.seconds
        report.warmupSeconds = plan.warmupSeconds
        report.tenants = plan.workload.tenants
        report.payloadBytes = plan.workload.payloadBytes
        report.connections = plan.connections
        report.batch = plan.batch
        report.receiver = receiver.name
        if case .embedded(let receiver) = plan.receiver { report.failuresPercent = receiver.failureShare * 100 }
        report.server = terms.server
        report.durability = terms.durability
        report.environment = MachineEnvironment.current(dataDirectory: plan.dataDirectory)
    }

    private func count(_ report: inout Report, _ outcome: RunOutcome) {
        let generator = outcome.generator
        report.scheduled = generator.due
        report.sent = generator.sent
        report.acked = generator.stored
        report.unanswered = generator.sent - generator.answered
        report.unsent = outcome.unsent
        report.heldByWindow = generator.heldByWindow
        report.refused = generator.refused
        report.rejected = generator.answered - generator.stored - generator.refused
        for (code, number) in generator.statuses { report.statuses[ProtocolStatus(rawValue: code).name] = number }
        report.failuresInjected = outcome.receiver.failures
        if receiver.isExact {
            countExactly(&report, outcome)
        } else if receiver.isReceiving {
            countRoughly(&report, outcome)
        }
    }

    private func countExactly(_ report: inout Report, _ outcome: RunOutcome) {
        let findings = outcome.findings
        let isProven = isLossProven(outcome)
        report.delivered = findings.delivered
        report.lost = isProven ? findings.missing : 0
        report.pending = findings.unaccepted + (isProven ? 0 : findings.missing)
        report.lostExamples = isProven ? findings.missingExamples : []
        report.duplicates = findings.duplicates
        report.corrupt = findings.corrupt
        report.unverifiedSignatures = findings.unverified
        report.phantom = findings.phantom
        report.foreign = findings.foreign
        report.retried = findings.retried
    }

    /// Nothing is called lost while deliveries still arrive, before the drain had its time, or after the receiver failed:
    /// what the server still holds then, for a retry or until an open breaker closes, is on the way. The protocol has no
    /// question for how much that is.
    private func isLossProven(_ outcome: RunOutcome) -> Bool {
        outcome.isSettled && !outcome.receiver.isInconclusive && outcome.receiver.failures == 0
    }

    private func countRoughly(_ report: inout Report, _ outcome: RunOutcome) {
        let missing = max(0, outcome.generator.deliverable - outcome.receiver.accepted)
        report.delivered = outcome.receiver.accepted
        report.lost = isLossProven(outcome) ? missing : 0
        report.pending = missing - report.lost
        report.duplicates = outcome.receiver.duplicates
        report.corrupt = outcome.receiver.changedBodies
        report.unverifiedSignatures = outcome.receiver.unverified
    }

    private func measure(_ report: inout Report, _ outcome: RunOutcome) {
        let generator = outcome.generator
        report.ackMs = generator.ack.quantiles
        report.firstReceiptMs = outcome.firstReceipt.quantiles
        report.endToEndMs = outcome.endToEnd.quantiles
        if !plan.isClosedLoop { report.generatorLagMs = generator.lag.quantiles }
        if generator.lastDeparture > 0 {
            report.achievedPerSecond = (Double(report.sent) * 1e10 / Double(generator.lastDeparture)).rounded() / 10
        }
        let toLastAnswer = Double(max(generator.lastAnswer, 1)) / 1e9
        report.ackedPerSecond = (Double(report.acked) / toLastAnswer * 10).rounded() / 10
        let toEnd = Double(drainStart - startWall) / 1e9 + outcome.drainSeconds
        report.deliveredPerSecond = (Double(report.delivered) / max(toEnd, 0.001) * 10).rounded() / 10
        report.drainSeconds = (outcome.drainSeconds * 1_000).rounded() / 1_000
    }

    private func cost(_ report: inout Report, _ outcome: RunOutcome) {
        report.generatorCpuSeconds = (costs.generatorSeconds * 1_000).rounded() / 1_000
        report.receiverCpuSeconds = (costs.receiverSeconds * 1_000).rounded() / 1_000
        report.dispatcherCpuSeconds = costs.dispatcherSeconds.map { ($0 * 1_000).rounded() / 1_000 }
        report.dispatcherThreadSeconds = costs.dispatcherThreads?.mapValues { ($0 * 1_000).rounded() / 1_000 }
        report.dispatcherRssBytes = costs.dispatcherResident
        report.dispatcherRssPeakBytes = costs.dispatcherPeak
        report.storeBytes = costs.storeBytes
        report.dispatcherTrends = costs.dispatcher.trends(settledAfter: plan.warmupSeconds)
        guard outcome.receiver.connections > 0, outcome.receiver.requests > 0 else { return }
        report.receiverRequests = outcome.receiver.requests
        report.receiverConnections = outcome.receiver.connections
        report.connectionReuse = max(0, 1 - Double(outcome.receiver.connections) / Double(outcome.receiver.requests))
    }

    private func judge(_ report: inout Report, _ outcome: RunOutcome, interrupted: Bool) {
        report.slo.stage = receiver.isExact ? "end_to_end_ms" : "ack_ms"
        report.slo.p95LimitMs = plan.sloP95Milliseconds
        let judged = judgedLatency(report)
        report.slo.held = judged.count > 0 && judged.p95 <= plan.sloP95Milliseconds
        report.invalidReasons = invalidReasons(report, outcome)
        report.valid = report.invalidReasons.isEmpty
        report.figures = plan.bounds.figures(of: report)
        let verdict = Verdict.decide(evidence(report, outcome, interrupted: interrupted))
        report.verdict = verdict.code.word
        report.exitCode = verdict.code.rawValue
        report.reasons = verdict.reasons
    }

    private func judgedLatency(_ report: Report) -> Quantiles { receiver.isExact ? report.endToEndMs : report.ackMs }

    /// What the run is judged by. The report's counts, figures and reasons for invalidity must be set already.
    func evidence(_ report: Report, _ outcome: RunOutcome, interrupted: Bool) -> Evidence {
        var evidence = Evidence()
        evidence.interrupted = interrupted
        evidence.failure = outcome.generator.failure ?? unwanted(outcome.generator)
        evidence.lost = report.lost
        evidence.duplicates = report.duplicates
        evidence.duplicatesAllowed = plan.maxDuplicates
        evidence.phantom = report.phantom
        evidence.corrupt = report.corrupt
        evidence.unverified = report.unverifiedSignatures
        evidence.refused = report.refused
        evidence.refusal = refusal(outcome.generator.statuses)
        evidence.rejected = report.rejected
        evidence.unsent = report.unsent
        evidence.scheduled = report.scheduled
        evidence.invalidReasons = report.invalidReasons
        evidence.sloStage = report.slo.stage
        let judged = judgedLatency(report)
        evidence.sloP95 = judged.count > 0 ? judged.p95 : nil
        evidence.sloLimit = plan.sloP95Milliseconds
        evidence.figures = report.figures
        return evidence
    }

    private func invalidReasons(_ report: Report, _ outcome: RunOutcome) -> [String] {
        let generator = outcome.generator
        // Events that a full window held back are the server's delay.
        let isHeld = plan.isClosedLoop || generator.heldByWindow + outcome.unsent > 0 || generator.lastDeparture == 0
        var reasons = Validity.reasons(
            lag: plan.isClosedLoop || !plan.isMeasured ? nil : report.generatorLagMs,
            achieved: isHeld || !plan.isMeasured
                ? nil : Double(generator.lastIntended) / Double(generator.lastDeparture),
            clockStep: costs.clockStep)
        if report.sent == 0 { reasons.append("nothing was sent") }
        if outcome.receiver.isInconclusive {
            reasons.append("the receiver's accounts are full: loss cannot be proven; make the run shorter")
        }
        if report.pending > 0 {
            reasons.append(
                "\(report.pending) acknowledged events were still on the way after a drain of "
                    + "\(Figures.fixed(outcome.drainSeconds, 0)) s: raise --drain-seconds"
                    + (outcome.receiver.failures > 0
                        ? "; the receiver failed, so the server may hold them for a retry or until a breaker closes (its pending says how many)"
                        : ""))
        }
        return reasons
    }

    private func unwanted(_ generator: GeneratorSnapshot) -> String? {
        guard receiver.isReceiving, generator.stored > 0, generator.deliverable == 0 else { return nil }
        return
            "no endpoint wants events of type \(plan.workload.eventType) (ACCEPTED_NO_MATCH): correct --event-type or the subscriptions, "
            + "or measure ingest alone with --no-match"
    }

    private func refusal(_ statuses: [UInt16: Int]) -> String {
        statuses.keys.filter { $0 >> 8 == 0x03 }.sorted().map { code in
            let status = ProtocolStatus(rawValue: code)
            return "\(status.name) (\(status.text))\(mend(status))"
        }.joined(separator: ", ")
    }

    private func mend(_ status: ProtocolStatus) -> String {
        switch status {
        case .unknownTenant, .tenantDisabled:
            ": provision \(plan.workload.tenantName(0)) to \(plan.workload.tenantName(plan.workload.tenants - 1)), or correct --tenants and --tenant-prefix"
        case .forbidden: ": use an API key that allows these tenants"
        case .tooLarge: ": lower --payload-bytes"
        default: ""
        }
    }
}
