/// Builds one report from the legs of a staged run: sums of the events' results, the judged leg's latencies, all
/// figures.
struct StagedReport {
    let script: any StagedScript
    let costs: RunCosts
    let side: ReceiverSide

    func build(_ results: [LegResult], interrupted: Bool) -> Report {
        let reports = results.map { builder($0.leg).build($0.outcome, interrupted: interrupted) }
        let judged = results.firstIndex { $0.leg.name == script.judgedLeg } ?? results.count - 1
        var report = results.isEmpty ? Report() : reports[judged]
        report.mode = script.mode
        report.slo = Report.SLO()
        report.legs = zip(results, reports).map(legReport)
        sum(&report, reports)
        if let first = reports.first {
            // The receiver counts from the first leg on.
            report.failuresInjected = first.failuresInjected
            report.receiverRequests = first.receiverRequests
            report.receiverConnections = first.receiverConnections
            report.connectionReuse = first.connectionReuse
        }
        // For each leg the messages of the others belong to another run.
        report.foreign = 0
        report.dispatcherTrends = costs.dispatcher.trends(settledAfter: 0)
        report.figures = script.figures(of: results)
        script.complete(&report)
        judge(&report, results, reports, interrupted: interrupted)
        return report
    }

    private func builder(_ leg: Leg) -> ReportBuilder {
        var plan = leg.plan
        plan.bounds = RunBounds()
        plan.sloP95Milliseconds = .infinity
        return ReportBuilder(
            plan: plan, receiver: side, terms: leg.terms, startWall: leg.startWall, drainStart: leg.loadEnd,
            costs: costs)
    }

    private func sum(_ report: inout Report, _ reports: [Report]) {
        func total(_ count: KeyPath<Report, Int>) -> Int { reports.reduce(0) { $0 + $1[keyPath: count] } }
        let counts: [WritableKeyPath<Report, Int>] = [
            \.scheduled, \.sent, \.acked, \.delivered, \.lost, \.pending, \.duplicates, \.corrupt,
            \.unverifiedSignatures, \.phantom,
            \.unanswered, \.rejected, \.refused, \.unsent, \.heldByWindow, \.retried,
        ]
        for count in counts { report[keyPath: count] = total(count) }
        report.lostExamples = Array(reports.flatMap(\.lostExamples).prefix(5))
        report.statuses = reports.reduce(into: [:]) { $0.merge($1.statuses, uniquingKeysWith: +) }
    }

    private func judge(_ report: inout Report, _ results: [LegResult], _ reports: [Report], interrupted: Bool) {
        var evidence = Evidence()
        for (result, leg) in zip(results, reports) {
            evidence.add(
                builder(result.leg).evidence(leg, result.outcome, interrupted: interrupted), from: result.leg.name)
        }
        evidence.interrupted = interrupted
        evidence.figures = report.figures
        report.invalidReasons = evidence.invalidReasons
        report.valid = evidence.invalidReasons.isEmpty
        let verdict = Verdict.decide(evidence)
        report.verdict = verdict.code.word
        report.exitCode = verdict.code.rawValue
        report.reasons = verdict.reasons
    }

    private func legReport(_ result: LegResult, _ report: Report) -> LegReport {
        var leg = LegReport()
        leg.name = result.leg.name
        leg.offeredPerSecond = result.leg.plan.rate
        leg.seconds = (result.leg.seconds * 1_000).rounded() / 1_000
        leg.scheduled = report.scheduled
        leg.acked = report.acked
        leg.delivered = report.delivered
        leg.held = result.outcome.findings.held
        leg.generatorLagMs = report.generatorLagMs
        leg.ackMs = report.ackMs
        leg.groups = result.outcome.groups.map { book in
            LegReport.GroupReport(
                name: book.group.name, tenants: book.group.tenants.count, acked: book.deliverable,
                delivered: book.delivered,
                endToEndMs: book.endToEnd.quantiles, fairness: book.fairness)
        }
        return leg
    }
}

extension Evidence {
    /// Adds the evidence of a leg.
    mutating func add(_ leg: Evidence, from name: String) {
        failure = failure ?? leg.failure.map { "\(name): \($0)" }
        lost += leg.lost
        duplicates += leg.duplicates
        duplicatesAllowed = leg.duplicatesAllowed
        phantom += leg.phantom
        corrupt += leg.corrupt
        unverified += leg.unverified
        refused += leg.refused
        refusal = refusal.isEmpty ? leg.refusal : refusal
        rejected += leg.rejected
        unsent += leg.unsent
        scheduled += leg.scheduled
        invalidReasons += leg.invalidReasons.map { "\(name): \($0)" }
    }
}
