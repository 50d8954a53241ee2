/// The report as text: the settings, the results of the events, the latencies, the costs, and the verdict.
package enum ReportText {
    package static func render(_ report: Report) -> String {
        if report.legs != nil { return StagedReportText.render(report) }
        var lines = heading(report)
        lines += [""] + latencies(report)
        lines += [""] + counts(report)
        lines += [""] + costs(report)
        lines += [""] + verdict(report)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func heading(_ report: Report) -> [String] {
        let load =
            report.offeredPerSecond > 0
            ? "\(Figures.grouped(Int(report.offeredPerSecond))) events/s (\(report.arrivals))"
            : "as fast as the window allows"
        let seconds = Figures.fixed(report.seconds, 0)
        return [
            "Load       \(load) for \(seconds) s, \(report.tenants) tenants, \(report.payloadBytes) B payloads, "
                + "\(report.connections) connections, at most \(report.batch) per frame, seed \(report.seed)"
        ] + surroundings(report)
    }

    /// Server, receiver and machine.
    static func surroundings(_ report: Report) -> [String] {
        [
            "Server     \(report.server), an ACK means: \(report.durability)",
            "Receiver   \(report.receiver)",
            "Machine    \(report.environment.cores) × \(report.environment.cpuModel), "
                + "\(Figures.bytes(report.environment.memoryBytes)), Linux \(report.environment.kernel)"
                + (report.environment.filesystem.isEmpty ? "" : ", \(report.environment.filesystem)"),
        ]
    }

    private static func latencies(_ report: Report) -> [String] {
        var lines = [row("ms from the intended time", ["p50", "p95", "p99", "p99.9", "max"], events: "events")]
        let stages = [
            ("handed to the socket (lag)", report.generatorLagMs), ("acknowledged", report.ackMs),
            ("first attempt received", report.firstReceiptMs), ("accepted (end to end)", report.endToEndMs),
        ]
        for (name, quantiles) in stages where quantiles.count > 0 {
            lines.append(row(name, quantiles))
        }
        return lines
    }

    static func row(_ name: String, _ quantiles: Quantiles) -> String {
        let values = [quantiles.p50, quantiles.p95, quantiles.p99, quantiles.p999, quantiles.max]
        return row(name, values.map(Figures.milliseconds), events: Figures.grouped(quantiles.count))
    }

    static func row(_ name: String, _ cells: [String], events: String) -> String {
        Figures.left(name, 28) + cells.map { Figures.right($0, 10) }.joined() + Figures.right(events, 14)
    }

    static func counts(_ report: Report) -> [String] {
        var lines = [
            count("sent", report.sent), count("acknowledged", report.acked, rate(report, report.ackedPerSecond)),
        ]
        if report.receiver != "none" {
            lines += [
                count("delivered", report.delivered, rate(report, report.deliveredPerSecond)),
                count("lost", report.lost, report.lost > 0 ? report.lostExamples.joined(separator: " ") : ""),
                count("duplicates after a 2xx", report.duplicates), count("corrupt", report.corrupt),
                count("unverified signatures", report.unverifiedSignatures),
            ]
            if report.failuresInjected > 0 || report.failuresPercent > 0 {
                lines.append(
                    count("failures injected", report.failuresInjected, "\(Figures.grouped(report.retried)) retried"))
            }
        }
        let exceptions = [
            ("still on the way", report.pending), ("phantom", report.phantom), ("of other runs", report.foreign),
            ("without an answer", report.unanswered), ("answered \"later\"", report.rejected),
            ("permanently refused", report.refused), ("waited for the window", report.heldByWindow),
            ("never sent: window full", report.unsent),
        ]
        lines += exceptions.filter { $0.1 > 0 }.map { count($0.0, $0.1) }
        for (name, number) in report.statuses.sorted(by: { $0.key < $1.key }) {
            lines.append(count("  \(name)", number))
        }
        return lines
    }

    // For one load only, because legs have different rates.
    private static func rate(_ report: Report, _ perSecond: Double) -> String {
        report.legs == nil ? "\(Figures.grouped(Int(perSecond)))/s" : ""
    }

    private static func count(_ name: String, _ number: Int, _ note: String = "") -> String {
        Figures.left(name, 28) + Figures.right(Figures.grouped(number), 14) + (note.isEmpty ? "" : "   \(note)")
    }

    static func costs(_ report: Report) -> [String] {
        var parts = [
            "generator \(Figures.fixed(report.generatorCpuSeconds, 2)) s, receiver \(Figures.fixed(report.receiverCpuSeconds, 2)) s"
        ]
        if let cpu = report.dispatcherCpuSeconds {
            // At a low rate the commits dominate, and over legs of several rates a mean has no meaning.
            let isOneLoad = report.legs == nil && report.acked > 0
            let perEvent = isOneLoad ? " (\(Figures.fixed(cpu * 1e6 / Double(report.acked), 1)) µs an event)" : ""
            parts.append("dispatcher \(Figures.fixed(cpu, 2)) s\(perEvent)")
        }
        var lines = ["CPU        " + parts.joined(separator: ", ")]
        if let threads = report.dispatcherThreadSeconds, !threads.isEmpty {
            let busiest = threads.filter { $0.value >= 0.1 }.sorted { $0.value > $1.value }
            lines.append(
                "Threads    " + busiest.map { "\($0.key) \(Figures.fixed($0.value, 2)) s" }.joined(separator: ", "))
        }
        if let resident = report.dispatcherRssBytes {
            let peak = report.dispatcherRssPeakBytes.map { ", peak \(Figures.bytes($0))" } ?? ""
            lines.append("Memory     dispatcher \(Figures.bytes(resident))\(peak)")
        }
        if let trends = report.dispatcherTrends { lines += self.trends(trends) }
        if let reuse = report.connectionReuse {
            lines.append(
                "Reuse      \(Figures.fixed(reuse * 100, 2)) % of \(Figures.grouped(report.receiverRequests ?? 0)) requests used an existing connection; "
                    + "\(Figures.grouped(report.receiverConnections ?? 0)) were opened")
        }
        if let store = report.storeBytes { lines.append("Store      \(Figures.bytes(store)) on disk") }
        if let kills = report.kills {
            for (index, kill) in kills.enumerated() {
                lines.append(
                    "Kill \(Figures.right(String(index + 1), 3))   at \(Figures.fixed(kill.at, 2)) s, "
                        + "ready again in \(Figures.milliseconds(kill.readyMs)) ms, \(kill.resent) events sent again")
            }
        }
        return lines
    }

    private static func trends(_ trends: DispatcherTrends) -> [String] {
        func line(_ name: String, _ trend: Trend, _ number: (Int) -> String) -> String {
            func text(_ value: Double) -> String { number(Int(value.rounded())) }
            let slope = (trend.perMinute < 0 ? "-" : "+") + text(abs(trend.perMinute))
            return Figures.left("", 11) + "\(name): \(text(trend.first)) first, \(text(trend.last)) last, "
                + "\(text(trend.highest)) peak, \(slope) per minute, \(Figures.fixed(trend.growthPercent, 1)) % growth"
        }
        return [
            line("resident", trends.residentBytes, Figures.bytes),
            line("anonymous", trends.anonymousBytes, Figures.bytes),
            line("descriptors", trends.descriptors, Figures.grouped),
        ]
    }

    static func verdict(_ report: Report) -> [String] {
        let limit = Figures.milliseconds(report.slo.p95LimitMs)
        var lines = report.figures.map { "FIGURE     \($0.text)" }
        if !lines.isEmpty { lines.append("") }
        lines += ["\(report.verdict)   exit code \(report.exitCode)"]
        if report.exitCode == 0 {
            lines[lines.count - 1] +=
                report.slo.stage.isEmpty
                ? "; nothing acknowledged was lost"
                : "; \(report.slo.stage) p95 under \(limit) ms, nothing lost, nothing corrupt"
        }
        return lines + report.reasons.map { "  - \($0)" }
    }
}
