/// The counters in Prometheus' text format, version 0.0.4.
enum PrometheusText {
    /// With more paths only the totals are given, because a series per path would burden the reader.
    static let mostPaths = 256

    static func text(_ stats: ReceiverStats, _ endpoints: [EndpointStats]) -> String {
        let named = endpoints.count <= mostPaths ? endpoints : []
        var text = ""
        for metric in Metric.all {
            text += "# HELP mock_receiver_\(metric.name) \(metric.help)\n# TYPE mock_receiver_\(metric.name) counter\n"
            for (label, value) in metric.values(stats.totals) { text += line(metric.name, [label], value) }
            for endpoint in named {
                let path = "path=\"\(escaped(endpoint.path))\""
                for (label, value) in metric.values(endpoint.counters) where value > 0 {
                    text += line(metric.name.replacing("_total", with: "_by_path_total"), [path, label], value)
                }
            }
        }
        for (name, help, value) in [
            ("messages", "Different messages in the accounts.", stats.messages),
            ("account_bytes", "Bytes used by the accounts.", stats.accountBytes),
            ("endpoints", "Different paths.", stats.endpoints), ("connections", "Open connections.", stats.connections),
            ("refused_requests", "Requests refused as malformed or too large.", stats.refused),
            ("handshakes", "Handshakes: requests that carry no message.", stats.handshakes),
            ("other_requests", "Requests of other methods, answered by a rule.", stats.otherRequests),
            ("uncounted_requests", "Requests that did not fit into the accounts.", stats.uncounted),
            ("unjournaled_requests", "Requests missing in the journal's file.", stats.journalShortfall.requests),
        ] {
            text += "# HELP mock_receiver_\(name) \(help)\n# TYPE mock_receiver_\(name) gauge\n" + line(name, [], value)
        }
        return text
    }

    private struct Metric: Sendable {
        let name: String
        let help: String
        let values: @Sendable (ReceiverCounters) -> [(label: String, value: Int)]

        init(
            _ name: String, _ help: String,
            _ values: @escaping @Sendable (ReceiverCounters) -> [(label: String, value: Int)]
        ) {
            self.name = name
            self.help = help
            self.values = values
        }

        static let all = [
            Metric("requests_total", "Whole requests read.") { [("", $0.requests)] },
            Metric("accepted_total", "Messages that got their first 2xx.") { [("", $0.accepted)] },
            Metric("duplicates_total", "Requests after their message's 2xx.") { [("", $0.duplicates)] },
            Metric("retries_total", "Requests of a message before its 2xx, except the first.") { [("", $0.retries)] },
            Metric("changed_bodies_total", "Requests whose body differs from their message's first.") {
                [("", $0.changedBodies)]
            },
            Metric("resets_total", "Connections reset on purpose.") { [("", $0.resets)] },
            Metric("spoilt_total", "Requests that got no usable answer, on purpose.") { [("", $0.spoilt)] },
            Metric("limited_total", "Requests above a rate limit.") { [("", $0.limited)] },
            Metric("abandoned_total", "Delayed answers whose sender had disconnected.") { [("", $0.abandoned)] },
            Metric("body_bytes_total", "Bytes of bodies.") { [("", $0.bodyBytes)] },
            Metric("answers_total", "Answers by class.") { counters in
                (2...5).map { ("class=\"\($0)xx\"", counters.answers[$0]) }
            },
            Metric("verdicts_total", "Requests by signature verdict.") { counters in
                Verdict.allCases.map { ("verdict=\"\($0.name)\"", counters.count(of: $0)) }
            },
        ]
    }

    private static func line(_ name: String, _ labels: [String], _ value: Int) -> String {
        let labels = labels.filter { !$0.isEmpty }.joined(separator: ",")
        return "mock_receiver_\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
