import MockReceiver

/// What the command prints.
enum Summary {
    static func ports(_ server: ReceiverServer, host: String) -> String {
        let address = host.contains(":") ? "[\(host)]" : host
        let secure = server.tlsPort.map { " and https://\(address):\($0)" } ?? ""
        let admin = server.adminPort.map { " · admin on http://\(address):\($0)" } ?? ""
        return "mock-receiver: webhooks on http://\(address):\(server.port)\(secure)\(admin)"
    }

    static func line(_ stats: ReceiverStats, perSecond: Int) -> String {
        let totals = stats.totals
        return
            "\(totals.requests) requests (\(perSecond)/s) · \(totals.accepted) accepted · \(totals.retries) retries"
            + " · \(totals.duplicates) duplicates · \(totals.unverified) unverified · \(stats.connections) connections"
    }

    static func text(_ stats: ReceiverStats) -> String {
        let totals = stats.totals
        var rows: [(String, String)] = [
            ("requests", "\(totals.requests)"),
            ("messages accepted", "\(totals.accepted)"),
            ("retries before a 2xx", "\(totals.retries)"),
            ("duplicates after a 2xx", "\(totals.duplicates)"),
            ("bodies changed between attempts", "\(totals.changedBodies)"),
            ("signatures", verdicts(totals)),
            ("answers", (2...5).map { "\($0)xx \(totals.answers[$0])" }.joined(separator: " · ")),
            ("endpoints", "\(stats.endpoints)"),
        ]
        if totals.resets > 0 { rows.append(("connections reset on purpose", "\(totals.resets)")) }
        if totals.abandoned > 0 { rows.append(("senders disconnected before the answer", "\(totals.abandoned)")) }
        if totals.withoutID > 0 { rows.append(("requests without webhook-id", "\(totals.withoutID)")) }
        if stats.journalShortfall.requests > 0 {
            let reason = stats.journalShortfall.reason ?? "the disk was too slow"
            rows.append(("requests missing in the journal's file", "\(stats.journalShortfall.requests): \(reason)"))
        }
        if stats.handshakes > 0 { rows.append(("handshakes", "\(stats.handshakes)")) }
        if stats.otherRequests > 0 {
            rows.append(("requests of other methods, answered by a rule", "\(stats.otherRequests)"))
        }
        if stats.refused > 0 { rows.append(("requests refused as malformed or too large", "\(stats.refused)")) }
        let width = rows.map(\.0.count).max() ?? 0
        var text = rows.map { $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 }.joined(
            separator: "\n")
        if stats.uncounted > 0 {
            text += "\ninconclusive: \(stats.uncounted) requests did not fit into the accounts; raise --messages"
        }
        if stats.unordered > 0 {
            text += "\ninconclusive: the ordering keys of \(stats.unordered) messages did not fit"
        }
        return text
    }

    private static func verdicts(_ totals: ReceiverCounters) -> String {
        let seen = Verdict.allCases.filter { totals.count(of: $0) > 0 }.map { "\($0.name) \(totals.count(of: $0))" }
        return seen.isEmpty ? "none" : seen.joined(separator: " · ")
    }
}
