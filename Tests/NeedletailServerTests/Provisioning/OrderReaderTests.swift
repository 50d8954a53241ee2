import NeedletailServer
import Testing
import WebhookModel

@Suite struct OrderReaderTests {
    private func load(_ lines: [String]) throws(InputMistakes) -> Endpoint.Settings? {
        let text =
            "tenants:\n- name: acme\n  endpoints:\n  - name: orders\n    url: https://a.example/\n    secret: \"\(secretText)\"\n"
            + lines.map { "    \($0)\n" }.joined()
        return try ProvisioningPlan.load(text: text, named: "p.yaml", environment: [:]).tenants.first?.endpoints.first?
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

    @Test func `a batch has defaults for what it does not say`() throws {
        #expect(try load([])?.batch == nil)
        #expect(try load(["batch: {}"])?.batch == BatchRule())
        let rule = try load(["batch: { max_events: 1000, max_bytes: 1MiB, max_wait_seconds: 0.25 }"])?.batch
        #expect(rule == BatchRule(maxEvents: 1_000, maxBytes: 1 << 20, maxWait: 250))
        #expect(try load(["body: envelope", "batch: {}"])?.batch == BatchRule())
    }

    @Test(arguments: [
        (["ordering: byKey"], "p.yaml:7:15: ", "ordering: \"byKey\" is no good; give none or by_key"),
        (
            ["ordering: by_key", "on_dead_letter: stop"], "p.yaml:8:21: ",
            "on_dead_letter: \"stop\" is no good; give skip or hold"
        ),
        (["on_dead_letter: hold"], "p.yaml:7:21: ", "on_dead_letter: means nothing without ordering: by_key"),
        (["ordering: by_key", "batch: {}"], "p.yaml:8:12: ", "batch: stands beside ordering: by_key"),
        (["body: raw", "batch: {}"], "p.yaml:8:12: ", "batch: stands beside body: raw; a batch holds envelopes"),
        (["batch: { max_event: 5 }"], "p.yaml:7:14: ", "max_event: unknown key; did you mean max_events?"),
        (
            ["batch: { max_events: 1001 }"], "p.yaml:7:26: ",
            "max_events: \"1001\" is no good; give a whole number from 1 to 1000"
        ),
        (
            ["batch: { max_bytes: 2MiB }"], "p.yaml:7:25: ",
            "max_bytes: \"2MiB\" is no good; give bytes from 1KiB to 1MiB"
        ),
        (
            ["batch: { max_wait_seconds: 0 }"], "p.yaml:7:32: ",
            "max_wait_seconds: \"0\" is no good; give a number from 0.01 to 300.0"
        ),
        (["batch: 5"], "p.yaml:7:12: ", "batch: must be a mapping"),
    ])
    func `a mistake is told with its place and its mend`(lines: [String], place: String, words: String) {
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
