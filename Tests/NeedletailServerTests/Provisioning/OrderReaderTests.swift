import NeedletailServer
import Settings
import Testing
import WebhookModel

@Suite struct OrderReaderTests {
    private func load(_ lines: [String]) throws(InputMistakes) -> Endpoint.Settings? {
        let text =
            "tenants:\n- name: acme\n  endpoints:\n  - name: orders\n    url: https://a.example/\n    secret: \"\(secretText)\"\n"
            + lines.map { "    \($0)\n" }.joined()
        return try ProvisioningPlan.load(text: text.whole, named: "p.yaml", environment: [:]).tenants.first?.endpoints
            .first?
            .settings
    }

    @Test(arguments: [
        (["ordering: none"], DeliveryOrder.none),
        (["ordering: by_key"], .byKey(onDeadLetter: .skip)),
        (["ordering: by_key", "on_dead_letter: skip"], .byKey(onDeadLetter: .skip)),
        (["on_dead_letter: hold", "ordering: by_key"], .byKey(onDeadLetter: .hold)),
    ])
    func `an order is read`(lines: [String], order: DeliveryOrder) throws {
        #expect(try load(lines)?.order == order)
    }

    @Test func `a batch has defaults for missing settings`() throws {
        #expect(try load([])?.batch == nil)
        #expect(try load(["batch: {}"])?.batch == BatchRule())
        let rule = try load(["batch: { max_events: 1000, max_bytes: 1MiB, max_wait_seconds: 0.25 }"])?.batch
        #expect(rule == BatchRule(maxEvents: 1_000, maxBytes: 1 << 20, maxWait: 250))
        #expect(try load(["body: envelope", "batch: {}"])?.batch == BatchRule())
    }

    @Test(arguments: [
        (["ordering: byKey"], "p.yaml:7:15: ", "invalid value \"byKey\" for ordering; expected one of none, by_key"),
        (
            ["ordering: by_key", "on_dead_letter: stop"], "p.yaml:8:21: ",
            "invalid value \"stop\" for on_dead_letter; expected one of skip, hold"
        ),
        (["on_dead_letter: hold"], "p.yaml:7:21: ", "on_dead_letter needs ordering: by_key"),
        (["ordering: by_key", "batch: {}"], "p.yaml:8:12: ", "batch cannot be combined with ordering: by_key"),
        (
            ["body: raw", "batch: {}"], "p.yaml:8:12: ",
            "batch cannot be combined with body: raw, because a batch contains envelopes"
        ),
        (["batch: { max_event: 5 }"], "p.yaml:7:14: ", "unknown field \"batch.max_event\"; did you mean max_events?"),
        (
            ["batch: { max_events: 1001 }"], "p.yaml:7:26: ",
            "invalid value \"1001\" for batch.max_events; expected a whole number from 1 to 1000"
        ),
        (
            ["batch: { max_bytes: 2MiB }"], "p.yaml:7:25: ",
            "invalid value \"2MiB\" for batch.max_bytes; expected a size from 1KiB to 1MiB"
        ),
        (
            ["batch: { max_wait_seconds: 0 }"], "p.yaml:7:32: ",
            "invalid value \"0\" for batch.max_wait_seconds; expected a number from 0.01 to 300.0"
        ),
        (["batch: 5"], "p.yaml:7:12: ", "invalid value for batch; expected a map of max_events, max_bytes"),
    ])
    func `a mistake is reported with its position and what is expected`(lines: [String], place: String, words: String) {
        do {
            _ = try load(lines)
            Issue.record("no mistake in \(lines)")
        } catch {
            #expect(error.lines.count == 1, "\(error.lines)")
            #expect(
                error.lines.first?.hasPrefix(place + "endpoint \"orders\" of tenant \"acme\"") == true, "\(error.lines)"
            )
            #expect(error.lines.first?.contains(words) == true, "\(error.lines)")
        }
    }
}
