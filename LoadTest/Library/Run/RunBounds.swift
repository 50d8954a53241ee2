/// Limits for the dispatcher's costs in a run; nil: not judged.
package struct RunBounds: Sendable {
    /// The most microseconds of its CPU time per delivered event.
    package var cpuMicroseconds: Double?
    /// The least percent of the requests that must use an existing connection.
    package var reusePercent: Double?
    /// The most percent that its anonymous memory and its descriptors may grow after the warm-up.
    package var growthPercent: Double?
    /// The most MiB of its peak resident memory.
    package var peakMebibytes: Double?

    package init() {}

    /// The figures of a report that these limits judge.
    func figures(of report: Report) -> [FigureVerdict] {
        var figures: [FigureVerdict] = []
        if let cpuMicroseconds, let seconds = report.dispatcherCpuSeconds, report.delivered > 0 {
            let cost = seconds * 1e6 / Double(report.delivered)
            figures.append(
                FigureVerdict("dispatcher's CPU per delivered event", cost, unit: "µs", .atMost, cpuMicroseconds))
        }
        if let peakMebibytes, let peak = report.dispatcherRssPeakBytes {
            let value = Double(peak) / 1_048_576
            figures.append(FigureVerdict("dispatcher's peak memory", value, unit: "MiB", .atMost, peakMebibytes))
        }
        if let reusePercent, let share = report.connectionReuse {
            figures.append(FigureVerdict("connection reuse", share * 100, unit: "%", .atLeast, reusePercent))
        }
        if let growthPercent, let trends = report.dispatcherTrends {
            for (name, trend) in [("memory", trends.anonymousBytes), ("descriptors", trends.descriptors)] {
                figures.append(
                    FigureVerdict("growth of its \(name)", trend.growthPercent, unit: "%", .atMost, growthPercent))
            }
        }
        return figures
    }

    func mistakes(dispatcherPID: Int32?, receiver: ReceiverPlan) -> [String] {
        var mistakes: [String] = []
        let watching = [
            ("--max-cpu-us", cpuMicroseconds), ("--max-growth", growthPercent), ("--max-memory-mib", peakMebibytes),
        ]
        for (option, bound) in watching where bound != nil && dispatcherPID == nil {
            mistakes.append("\(option) needs --dispatcher-pid, the process to watch")
        }
        let all = watching + [("--min-reuse", reusePercent)]
        for (option, bound) in all where bound.map({ $0 < 0 }) ?? false {
            mistakes.append("\(option): invalid value \"\(bound ?? 0)\"; expected 0 or more")
        }
        if reusePercent != nil {
            guard case .embedded = receiver else {
                return mistakes + ["--min-reuse: only an embedded receiver counts connections; leave --receiver out"]
            }
        }
        return mistakes
    }
}
