import WebhookModel

/// Reads the order and the batching of an endpoint's events: `ordering`, `on_dead_letter`, `batch`.
struct OrderReader {
    let section: SettingsSection

    static let batchKeys = ["max_events", "max_bytes", "max_wait_seconds"]

    /// What was read; after a mistake the default.
    ///
    /// - Parameter body: of the endpoint's messages.
    func read(beside body: BodyForm) -> (order: DeliveryOrder, batch: BatchRule?) {
        let (order, batch) = (order(), batch())
        guard batch != nil else { return (order, batch) }
        if order.isByKey {
            section.note(
                "batch", .conflict,
                "cannot be combined with ordering: by_key, because a failed batch would block many keys; remove one of them"
            )
        }
        if section.has("body"), body != .envelope {
            section.note(
                "batch", .conflict,
                "cannot be combined with body: \(body.rawValue), because a batch contains envelopes; remove body")
        }
        return (order, batch)
    }

    private func order() -> DeliveryOrder {
        let isByKey = section.choice("ordering", among: ["none", "by_key"]) { $0 == "by_key" } ?? false
        let words = DeliveryOrder.OnDeadLetter.allCases.map(\.rawValue)
        let onDeadLetter = section.choice("on_dead_letter", among: words, DeliveryOrder.OnDeadLetter.init)
        if !isByKey, section.has("on_dead_letter") {
            section.note("on_dead_letter", .conflict, "needs ordering: by_key; add that, or remove this")
        }
        return isByKey ? .byKey(onDeadLetter: onDeadLetter ?? .skip) : .none
    }

    private func batch() -> BatchRule? {
        guard let batch = section.section("batch", keys: OrderReader.batchKeys) else { return nil }
        var rule = BatchRule()
        rule.maxEvents = batch.integer("max_events", 1...Limits.batchEventsMost) ?? rule.maxEvents
        rule.maxBytes = batch.size("max_bytes", Limits.batchBytesLeast...Limits.batchBytesMost) ?? rule.maxBytes
        let (least, most) = (Limits.batchWaitMillisecondsLeast, Limits.batchWaitMillisecondsMost)
        if let seconds = batch.number("max_wait_seconds", Double(least) / 1_000...Double(most) / 1_000) {
            rule.maxWait = Int64((seconds * 1_000).rounded())
        }
        return rule
    }
}
