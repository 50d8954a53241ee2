import WebhookModel

/// Reads in what order and company an endpoint gets its events: `ordering`, `on_dead_letter`, `batch`.
struct OrderReader {
    let section: ProvisioningSection

    static let batchKeys = ["max_events", "max_bytes", "max_wait_seconds"]

    /// What goes to the endpoint's settings; where something is noted, the default.
    func read(into settings: inout Endpoint.Settings) {
        settings.order = order()
        settings.batch = batch()
        guard settings.batch != nil else { return }
        if settings.order.isByKey {
            section.note(
                "batch",
                "stands beside ordering: by_key; a batch that fails would hold many keys, so take one of them out")
        }
        if section.has("body"), settings.body != .envelope {
            section.note(
                "batch", "stands beside body: \(settings.body.rawValue); a batch holds envelopes, so leave body out")
        }
    }

    private func order() -> DeliveryOrder {
        let isByKey =
            section.choice("ordering", among: ["none", "by_key"]) { $0 == "by_key" } ?? false
        let onDeadLetter = section.choice("on_dead_letter", among: DeliveryOrder.OnDeadLetter.allCases.map(\.rawValue))
        {
            DeliveryOrder.OnDeadLetter(rawValue: $0)
        }
        if !isByKey, section.has("on_dead_letter") {
            section.note("on_dead_letter", "means nothing without ordering: by_key; add that or take this out")
        }
        return isByKey ? .byKey(onDeadLetter: onDeadLetter ?? .skip) : .none
    }

    private func batch() -> BatchRule? {
        guard let node = section.node("batch") else { return nil }
        let batch = ProvisioningSection(
            node, label: "\(section.label): batch", keys: OrderReader.batchKeys, notes: section.notes,
            number: section.number)
        guard let batch else { return nil }
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
