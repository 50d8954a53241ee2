import DurableQueue
import Ingest
import Management
import Sender
import WebhookModel

/// The counters of all rooms as metrics. Only the assembly knows all rooms. It reads copies that the rooms publish, and
/// never the store.
enum ServerMetrics {
    static func families(_ machines: Machines) -> [MetricFamily] {
        queue(machines.queue.statistics) + ingest(machines.ingest.counters)
            + senders(machines.senders.map { $0.snapshot() })
    }

    private static func queue(_ counts: QueueStatistics) -> [MetricFamily] {
        [
            counter(
                "needletail_events_total", "Events that were decided, by result.",
                [
                    ("accepted", counts.accepted), ("accepted_no_match", counts.acceptedWithoutMatch),
                    ("duplicate", counts.duplicates), ("conflict", counts.conflicts),
                    ("throttled", counts.throttled), ("storage_full", counts.refusedForSpace),
                    ("refused", counts.otherRefusals),
                ], "result"),
            counter(
                "needletail_deliveries_total", "Deliveries that became final, by state.",
                [
                    ("delivered", counts.delivered), ("dead_lettered", counts.deadLettered),
                    ("cancelled", counts.cancelled),
                ], "state"),
            counter("needletail_retries_total", "Attempts that were scheduled again.", counts.retriesScheduled),
            counter("needletail_commits_total", "Transactions that were made durable.", counts.commits),
            MetricFamily(
                "needletail_commit_seconds_total", .counter, "Seconds spent in write transactions.",
                [.init(Double(counts.commitNanoseconds) / 1e9)]),
            MetricFamily(
                "needletail_pending_deliveries", .gauge, "Deliveries that are not final, by where they wait.",
                [
                    ("due", counts.pendingDue), ("parked", counts.pendingParked), ("behind", counts.pendingBehind),
                    ("gathering", counts.pendingGathering), ("batched", counts.pendingBatched),
                ].map { .init(Double($0.1), [("place", $0.0)]) }),
            gauge("needletail_ingest_refused", "1 while new events are refused.", counts.refusal == nil ? 0 : 1),
            gauge("needletail_store_used_pages", "Pages of the data file in use.", counts.usedPages),
            gauge("needletail_store_map_pages", "Pages that the data file may have.", counts.mapPages),
        ]
    }

    private static func ingest(_ counts: IngestCounters) -> [MetricFamily] {
        [
            gauge("needletail_ingest_connections", "Open connections of producers.", counts.connectionsOpen),
            counter("needletail_ingest_connections_total", "Connections accepted.", counts.connectionsAccepted),
            counter("needletail_ingest_auth_failures_total", "Wrong API keys on the ingest port.", counts.authFailures),
            counter("needletail_ingest_bytes_total", "Bytes received from producers.", counts.bytesReceived),
            counter("needletail_ingest_back_pressure_total", "Batches that met a full queue.", counts.backPressure),
        ]
    }

    private static func senders(_ tallies: [SenderTally]) -> [MetricFamily] {
        func sum(_ count: (SenderTally) -> UInt64) -> Int { Int(clamping: tallies.reduce(0) { $0 + count($1) }) }
        return [
            counter(
                "needletail_attempts_total", "Attempts that ended, by outcome.",
                Outcome.allCases.map { outcome in ("\(outcome)", sum { $0.count(of: outcome) }) }, "outcome"),
            gauge("needletail_attempts_in_flight", "Attempts in flight.", tallies.reduce(0) { $0 + $1.inFlight }),
            counter("needletail_new_connections_total", "Connections opened to receivers.", sum(\.newConnections)),
            counter("needletail_breakers_opened_total", "How often a receiver was paused.", sum(\.breakersOpened)),
        ]
    }

    private static func counter(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(name, .counter, help, [.init(Double(value))])
    }

    private static func counter(
        _ name: String, _ help: String, _ values: [(String, Int)], _ label: String
    ) -> MetricFamily {
        MetricFamily(name, .counter, help, values.map { .init(Double($0.1), [(label, $0.0)]) })
    }

    private static func gauge(_ name: String, _ help: String, _ value: Int) -> MetricFamily {
        MetricFamily(name, .gauge, help, [.init(Double(value))])
    }
}
