import Management
import Settings
import WebhookModel

/// Which dead letters, as a client writes it.
enum DeadLetterDocument {
    static let shape = Shape.object(
        nil,
        [
            Shape.Field("tenant", .text, "Of this tenant, by name.", isRequired: false),
            Shape.Field("webhook", .text, "Of this webhook: its id, or its name.", isRequired: false),
            Shape.Field("types", .array(.text), "Event types, or prefixes as order.*", isRequired: false),
            Shape.Field(
                "outcome", .choice(HistoryFilter.outcomes), "How the last attempt ended.", isRequired: false),
            Shape.Field("since", .time, "Dead since this time or later.", isRequired: false),
            Shape.Field("until", .time, "Dead before this time.", isRequired: false),
            Shape.Field(
                "ids", .array(.text),
                "Deliveries (dlv_…) or events (evt_…): at most \(Limits.namedDeadLetters) of one kind.",
                isRequired: false),
            Shape.Field(
                "all", .truth, "true: all dead letters that the key is for. Only without any condition.",
                isRequired: false),
        ])

    static let example: JSON = ["tenant": "acme", "outcome": "connectFailed", "since": "2026-01-31T12:00:00Z"]

    private static let keys = ["tenant", "webhook", "types", "outcome", "since", "until", "ids", "all"]

    static func read(_ node: SettingsNode) -> Result<DeadLetterChoice, SettingsMistakes> {
        let notes = SettingsNotes()
        guard let section = SettingsSection(node, subject: "dead letters", path: "", keys: keys, notes: notes) else {
            return notes.result(nil)
        }
        var choice = DeadLetterChoice()
        choice.tenant = section.text("tenant")
        choice.webhook = section.text("webhook")
        for text in section.texts("types") ?? [] {
            if let pattern = Subscription.Pattern(text) {
                choice.types.append(pattern)
            } else {
                section.invalid("types", text, expected: "an exact type, a prefix (order.*) or *")
            }
        }
        choice.outcomes = section.choice("outcome", among: HistoryFilter.outcomes) { name in
            Outcome.allCases.first { $0.name == name }?.family
        }
        choice.since = time("since", section)
        choice.until = time("until", section)
        choice.ids = section.texts("ids") ?? []
        if section.has("ids"), choice.ids.isEmpty {
            section.note("ids", "is empty; expected at least one id")
        } else if choice.ids.count > Limits.namedDeadLetters {
            section.note("ids", "has \(choice.ids.count) ids; expected at most \(Limits.namedDeadLetters)")
        }
        let all = section.truth("all") ?? false
        // A body that lost its conditions must not send everything again.
        if choice.isEmpty != all {
            section.note(
                "all", sentence: all ? "true and a condition exclude each other" : "expected a condition, or true")
        }
        return notes.result(choice)
    }

    private static func time(_ key: String, _ section: SettingsSection) -> Int64? {
        guard let text = section.text(key) else { return nil }
        let time = UTCTime.milliseconds(text)
        if time == nil { section.invalid(key, text, expected: "a UTC time, as 2027-01-31T12:00:00Z") }
        return time
    }
}
