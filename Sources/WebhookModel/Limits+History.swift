// Limits of the history: events, deliveries, attempts and dead letters in the management API.
extension Limits {
    // MARK: History

    /// Dead letters that a count looks at before it answers that there are more: about a second of reading on one
    /// thread, and more than any operator sends again without looking.
    public static let countedDeadLetters = 1_000_000
    /// Dead letters that one snapshot of a count looks at: some milliseconds, so that no old page is kept for long.
    public static let countedDeadLettersPerSlice = 8_192
    /// Ids of deliveries or events that one request may name: each is looked up on every page.
    public static let namedDeadLetters = 200
}
