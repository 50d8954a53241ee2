import Management
import WebhookModel

/// Filters that several lists of the history have.
enum HistoryFilter {
    static let since = Parameter.query("since", "Accepted at this time or later, as 2027-01-31T12:00:00Z.", Shape.time)
    static let until = Parameter.query("until", "Accepted before this time.", Shape.time)
    static let outcome = Parameter.query(
        "outcome",
        "How the last attempt ended. resolveFailed, connectFailed and tlsFailed stand for each cause of theirs.",
        .choice(outcomes))

    static let outcomes = Outcome.allCases.map(\.name)
}

/// The hundreds of a status.
enum StatusClass: String, CaseIterable {
    case informational = "1xx"
    case successful = "2xx"
    case redirection = "3xx"
    case clientError = "4xx"
    case serverError = "5xx"

    var range: ClosedRange<UInt16> {
        let first = UInt16(StatusClass.allCases.firstIndex(of: self)! + 1) * 100
        return first...first + 99
    }
}

extension Exchange {
    /// An event type, or a prefix of types.
    func types(_ name: String) throws(ManagementError) -> Subscription? {
        guard let text = query[name] else { return nil }
        guard let pattern = Subscription.Pattern(text) else {
            throw refused(name, text, "an event type, a prefix as order.*, or *")
        }
        return Subscription([pattern])
    }

    /// An outcome, with all that it stands for.
    func outcomes(_ name: String) throws(ManagementError) -> Set<Outcome>? {
        guard let text = query[name] else { return nil }
        guard let outcome = Outcome.allCases.first(where: { $0.name == text }) else {
            throw refused(name, text, "one of \(HistoryFilter.outcomes.joined(separator: ", "))")
        }
        return outcome.family
    }

    /// The id of an event.
    func eventID(_ name: String) throws(ManagementError) -> EventID? {
        guard let text = query[name] else { return nil }
        guard let id = EventID(webhookID: Array(text.utf8)) else {
            throw refused(name, text, "evt_ and 32 hex digits")
        }
        return id
    }

    private func refused(_ name: String, _ value: String, _ expected: String) -> ManagementError {
        ManagementError(
            .invalidParameter, "invalid value \(ClientText.quoted(value)) for \(name); expected \(expected)",
            field: name)
    }
}
