/// The report of a staged run as text: the legs, the latencies of their groups, the results of the events, the figures.
package enum StagedReportText {
    package static func render(_ report: Report) -> String {
        let legs = report.legs ?? []
        var lines = [
            "Run        \(report.mode), \(Figures.grouped(report.tenants)) tenants, \(report.payloadBytes) B payloads, seed \(report.seed)"
        ]
        lines += ReportText.surroundings(report)
        lines += [""] + legs.map(describe)
        lines += [""] + latencies(legs)
        lines += [""] + ReportText.counts(report)
        if let drain = report.drain { lines += [describe(drain)] }
        lines += [""] + ReportText.costs(report)
        lines += [""] + ReportText.verdict(report)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func describe(_ leg: LegReport) -> String {
        let held = leg.held > 0 ? ", \(Figures.grouped(leg.held)) wait for receivers that do not answer" : ""
        let load = "\(Figures.grouped(Int(leg.offeredPerSecond)))/s for \(Figures.fixed(leg.seconds, 1)) s"
        return Figures.left("Leg", 11) + "\(leg.name): \(load), "
            + "\(Figures.grouped(leg.acked)) acknowledged, \(Figures.grouped(leg.delivered)) delivered\(held)"
    }

    private static func latencies(_ legs: [LegReport]) -> [String] {
        var lines = [ReportText.row("ms intended → accepted", ["p50", "p95", "p99", "p99.9", "max"], events: "events")]
        for leg in legs {
            for group in leg.groups where group.endToEndMs.count > 0 {
                let fairness = group.fairness.map { "   Jain \(Figures.fixed($0, 3))" } ?? ""
                lines.append(
                    ReportText.row("\(leg.name): \(group.name) (\(group.tenants))", group.endToEndMs) + fairness)
            }
        }
        return lines
    }

    private static func describe(_ drain: DrainReport) -> String {
        "Drain      \(Figures.grouped(drain.events)) events in \(Figures.fixed(drain.seconds, 1)) s, the first "
            + "\(Figures.fixed(drain.waitedSeconds, 1)) s after the receivers' return"
    }
}
