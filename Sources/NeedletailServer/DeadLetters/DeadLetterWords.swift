import DurableQueue
import Settings
import WebhookModel

/// Which dead letters, as an operator writes it in options.
public struct DeadLetterWords: Sendable {
    public var tenant: String?
    public var endpoint: String?
    /// Types and patterns.
    public var types: [String] = []
    /// An outcome. One that stands for a family (`connectFailed`) selects the members too.
    public var outcome: String?
    /// A time (`2027-01-31T12:00:00Z`), or a duration before now (`2h`).
    public var since: String?
    public var until: String?
    /// Deliveries as a listing shows them (`12-3`), or event ids (`evt_…`).
    public var ids: [String] = []

    public init() {}

    /// Every outcome that a dead letter can have, for messages and for the help.
    public static let outcomeNames = Outcome.allCases.filter { !$0.isDelivered }.map(\.name).joined(separator: ", ")

    /// Whether there is no condition, so that every dead letter matches.
    public var isEmpty: Bool {
        tenant == nil && endpoint == nil && types.isEmpty && outcome == nil && since == nil && until == nil
            && ids.isEmpty
    }

    /// - Parameter now: Unix milliseconds.
    /// - Throws: every option that cannot be read.
    func filter(now: Int64) throws(InputMistakes) -> DeadLetterFilter {
        var mistakes = InputMistakes()
        var filter = DeadLetterFilter()
        filter.tenant = tenant
        filter.endpoint = endpoint
        if !types.isEmpty {
            filter.types = Subscription(
                types.compactMap { text in
                    let pattern = Subscription.Pattern(text)
                    if pattern == nil {
                        mistakes.add(
                            Shown.invalid(text, for: "--type", expected: "an exact type, a prefix (order.*) or *"))
                    }
                    return pattern
                })
        }
        filter.outcomes =
            outcome.flatMap { name in Outcome.allCases.first { $0.name == name && !$0.isDelivered } }?.family
        if let outcome, filter.outcomes == nil {
            mistakes.add(Shown.invalid(outcome, for: "--outcome", expected: "one of \(DeadLetterWords.outcomeNames)"))
        }
        filter.since = DeadLetterWords.time(since, "--since", now, &mistakes)
        filter.until = DeadLetterWords.time(until, "--until", now, &mistakes)
        readIDs(into: &filter, &mistakes)
        mistakes.concernsArguments = true
        try mistakes.throwIfAny()
        return filter
    }

    private func readIDs(into filter: inout DeadLetterFilter, _ mistakes: inout InputMistakes) {
        var deliveries: Set<DeliveryID> = []
        var events: Set<EventID> = []
        for text in ids {
            if let event = EventID(webhookID: Array(text.utf8)) {
                events.insert(event)
            } else if let delivery = DeadLetterWords.delivery(text) {
                deliveries.insert(delivery)
            } else {
                mistakes.add(
                    Shown.invalid(
                        text, for: "--id", expected: "a delivery as the list shows it (12-3), or an event id (evt_…)"))
            }
        }
        if !deliveries.isEmpty, !events.isEmpty {
            mistakes.add("--id: deliveries and event ids cannot be combined; give one kind")
        }
        filter.deliveries = deliveries.isEmpty ? nil : deliveries
        filter.events = events.isEmpty ? nil : events
    }

    private static func time(
        _ text: String?, _ option: String, _ now: Int64, _ mistakes: inout InputMistakes
    ) -> Int64? {
        guard let text else { return nil }
        let time = UTCTime.milliseconds(text) ?? Quantity.milliseconds(text).map { now - $0 }
        if time == nil {
            mistakes.add(
                Shown.invalid(
                    text, for: option, expected: "a UTC time (2027-01-31T12:00:00Z), or a duration before now (2h)"))
        }
        return time
    }

    /// Position and endpoint: `12-3`.
    static func written(_ delivery: DeliveryID) -> String { "\(delivery.position.value)-\(delivery.endpoint.value)" }

    static func delivery(_ text: String) -> DeliveryID? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let position = UInt64(parts[0]), let endpoint = UInt32(parts[1]) else { return nil }
        return DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
    }
}
