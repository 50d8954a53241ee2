/// What only grows: events that happened since the start of the process.
public enum Tally: Int, CaseIterable, Sendable {
    case eventsStored, eventsUnmatched, eventsDuplicate, eventsRefused, eventsThrottled, payloadBytes
    case connectionsOpened, connectionsRefused, authenticationFailures, framesCorrupt
    case commits, deliveriesCreated, deliveriesDelivered, deliveriesRetried, deliveriesDeadLettered, hintsDropped
    case connectionsNew, connectionsReused, possibleRepeats

    /// The Prometheus name without the prefix, and its help line.
    var exposition: (name: String, help: String) {
        switch self {
        case .eventsStored: ("events_stored_total", "Events committed and acknowledged, duplicates left out.")
        case .eventsUnmatched: ("events_unmatched_total", "Stored events that no endpoint wanted.")
        case .eventsDuplicate: ("events_duplicate_total", "Events that were stored already.")
        case .eventsRefused: ("events_refused_total", "Events refused for good.")
        case .eventsThrottled: ("events_throttled_total", "Events to be sent again later.")
        case .payloadBytes: ("payload_bytes_total", "Payload bytes of stored events.")
        case .connectionsOpened: ("ingest_connections_opened_total", "Producer connections accepted.")
        case .connectionsRefused: ("ingest_connections_refused_total", "Producer connections refused by a limit.")
        case .authenticationFailures: ("ingest_authentication_failures_total", "Wrong API keys.")
        case .framesCorrupt: ("ingest_frames_corrupt_total", "Frames with a wrong checksum.")
        case .commits: ("commits_total", "Write transactions committed.")
        case .deliveriesCreated: ("deliveries_created_total", "Deliveries born by fan-out.")
        case .deliveriesDelivered: ("deliveries_delivered_total", "Deliveries that ended well.")
        case .deliveriesRetried: ("deliveries_retried_total", "Failed attempts that will be repeated.")
        case .deliveriesDeadLettered: ("deliveries_dead_lettered_total", "Deliveries whose attempts are spent.")
        case .hintsDropped: ("hints_dropped_total", "Hints that found a sender full; the due index keeps them.")
        case .connectionsNew: ("delivery_connections_new_total", "Connections opened to endpoints.")
        case .connectionsReused: ("delivery_connections_reused_total", "Attempts over a connection kept alive.")
        case .possibleRepeats: ("delivery_possible_repeats_total", "Requests that libcurl may have sent twice.")
        }
    }
}

/// What goes up and down: a level, set by its owner.
public enum Level: Int, CaseIterable, Sendable {
    case connections, intakeEvents, intakeBytes, deliveriesWaiting, deliveriesHeld, deliveriesInFlight
    case mapUsedBytes, mapBytes

    var exposition: (name: String, help: String) {
        switch self {
        case .connections: ("ingest_connections", "Producer connections open now.")
        case .intakeEvents: ("intake_events", "Events that wait for the writer.")
        case .intakeBytes: ("intake_bytes", "Bytes that wait for the writer.")
        case .deliveriesWaiting: ("deliveries_waiting", "Deliveries that are not final.")
        case .deliveriesHeld: ("deliveries_held", "Deliveries in the senders' memory.")
        case .deliveriesInFlight: ("deliveries_in_flight", "Attempts under way.")
        case .mapUsedBytes: ("store_used_bytes", "Bytes of the LMDB map in use.")
        case .mapBytes: ("store_map_bytes", "Size of the LMDB map.")
        }
    }
}

/// What takes time. Microseconds.
public enum Stage: Int, CaseIterable, Sendable {
    case commit, receipt, firstAttempt, attempt

    var exposition: (name: String, help: String) {
        switch self {
        case .commit: ("commit_seconds", "Write transaction, fdatasync included.")
        case .receipt: ("receipt_seconds", "Offer to the writer until the receipt.")
        case .firstAttempt: ("first_attempt_seconds", "Event accepted until its first attempt starts.")
        case .attempt: ("attempt_seconds", "One attempt, from its start to its outcome.")
        }
    }
}
