import WebhookModel

extension StatsSnapshot {
    /// The snapshot in the Prometheus text format, version 0.0.4: names start with `needletail_`, times are in seconds.
    public var prometheusText: String {
        var text = ""
        for tally in Tally.allCases {
            head(tally.exposition, "counter", &text)
            text += "needletail_\(tally.exposition.name) \(self[tally])\n"
        }
        head(("attempts_total", "Attempts by outcome."), "counter", &text)
        for outcome in Outcome.allCases {
            text += "needletail_attempts_total{outcome=\"\(outcome.name)\"} \(self[attempts: outcome])\n"
        }
        for level in Level.allCases {
            head(level.exposition, "gauge", &text)
            text += "needletail_\(level.exposition.name) \(self[level])\n"
        }
        for stage in Stage.allCases {
            head(stage.exposition, "histogram", &text)
            append(self[stage], name: "needletail_\(stage.exposition.name)", &text)
        }
        return text
    }

    private func head(_ exposition: (name: String, help: String), _ type: String, _ text: inout String) {
        text += "# HELP needletail_\(exposition.name) \(exposition.help)\n"
        text += "# TYPE needletail_\(exposition.name) \(type)\n"
    }

    // Bounds from 64 µs to 67 s, doubling. Values are whole microseconds, so "below 2ⁿ" and "at most 2ⁿ − 1" are one.
    private func append(_ latency: LatencySnapshot, name: String, _ text: inout String) {
        for exponent in 6...26 {
            let bound = Double((1 << exponent) - 1) / 1e6
            text += "\(name)_bucket{le=\"\(bound)\"} \(latency.count(below: exponent))\n"
        }
        text += "\(name)_bucket{le=\"+Inf\"} \(latency.count)\n"
        text += "\(name)_sum \(Double(latency.sum) / 1e6)\n"
        text += "\(name)_count \(latency.count)\n"
    }
}
