import DurableQueue
import Management
import Store
import TestSupport
import Testing
import WebhookModel

/// Events, deliveries, attempts and dead letters over a real port. Nothing is sent: the tests report how attempts ended.
@Suite struct HistoryTests {
    private static let id = "evt_018f4e6a5b7c7d2e9f00112233445566"
    private static let payload = #"{ "b":1.50, "a" : [ ] }"#

    private func publish(
        _ api: RunningAPI, id: String = HistoryTests.id, tenant: String = "acme", type: String = "order.placed"
    ) async throws {
        let body =
            #"{"tenant":"\#(tenant)","type":"\#(type)","id":"\#(id)","correlation_id":"c-\#(type)","attributes":{"actorId":"u1"},"payload":\#(HistoryTests.payload)}"#
        #expect(try await api.call("POST", "/api/v1/events", body: body).status == 202)
    }

    /// Ends the delivery of position and endpoint. A change of the queue that waits for its commit waits for this too.
    private func end(
        _ api: RunningAPI, _ position: UInt64, _ endpoint: UInt32, _ outcome: Outcome, status: UInt16,
        isHopeless: Bool = false
    ) async throws {
        let id = DeliveryID(position: EventPosition(position), endpoint: EndpointNumber(endpoint))
        let row = try #require(try api.desk.store.snapshot { snapshot in try snapshot.delivery(id) })
        var report = AttemptReport(
            delivery: id, entry: .due(row.dueAt), attempt: row.attempts + 1, trigger: .schedule, outcome: outcome,
            status: status, startedAt: 1_767_225_600_000, phases: AttemptPhases(), reusedConnection: true,
            address: "192.0.2.1", heldBytes: 0)
        report.round = row.round
        report.isHopeless = isHopeless
        report.excerpt = Array("no such table".utf8)
        report.headers = Array("content-type: text/plain\n".utf8)
        api.queue.report([report])
        try await api.queue.change([.putTenant(name: "asleep", enabled: false, origin: .api)])
    }

    private func ids(_ prefix: String, in body: String) -> [String] {
        var seen: [String] = []
        for match in body.matches(of: /"(?:id|delivery|webhook)":"([a-z]+_[0-9a-f]{32})"/) {
            let id = String(match.1)
            if id.hasPrefix(prefix), !seen.contains(id) { seen.append(id) }
        }
        return seen
    }

    @Test func `an event is shown with its payload to keys of its tenant that may read events`() async throws {
        let api = try await RunningAPI()
        try await publish(api)
        let path = "/api/v1/events/\(HistoryTests.id)"
        let own = try await api.call("GET", path, key: RunningAPI.acme)
        #expect(own.status == 200 && own.body.contains(#""payload":\#(HistoryTests.payload)"#), "\(own)")
        #expect(own.body.contains(#""attributes":{"actorId":"u1"}"#))
        #expect(own.body.contains(#""correlation_id":"c-order.placed""#))
        #expect(try await api.call("GET", path, key: RunningAPI.publisher).status == 403)
        let theirs = "evt_018f4e6a5b7c7d2e9f00112233445567"
        try await publish(api, id: theirs, tenant: "globex")
        let foreign = try await api.call("GET", "/api/v1/events/\(theirs)", key: RunningAPI.acme)
        let unknown = try await api.call("GET", "/api/v1/events/evt_0", key: RunningAPI.acme)
        #expect(foreign.status == 404 && foreign.body == unknown.body)
        let all = try await api.call("GET", "/api/v1/events?limit=1")
        #expect(ids("evt_", in: all.body) == [theirs] && !all.body.contains("payload\":{"))
        let cursor = try #require(all.body.firstMatch(of: /"next":"([0-9a-f]+)"/)?.1)
        let next = try await api.call("GET", "/api/v1/events?limit=1&cursor=\(cursor)")
        #expect(ids("evt_", in: next.body) == [HistoryTests.id])
        #expect(
            ids("evt_", in: try await api.call("GET", "/api/v1/events", key: RunningAPI.acme).body) == [HistoryTests.id]
        )
        for (filter, count) in [
            ("type=order.*", 2), ("type=refund", 0), ("since=2020-01-01T00:00:00Z", 2),
            ("until=2020-01-01T00:00:00Z", 0), ("since=2999-01-01T00:00:00Z", 0), ("correlation_id=other", 0),
        ] {
            let body = try await api.call("GET", "/api/v1/events?\(filter)").body
            #expect(ids("evt_", in: body).count == count, "\(filter)")
        }
        await api.stop()
    }

    @Test func `deliveries are listed, filtered, and shown with their attempts`() async throws {
        let api = try await RunningAPI()
        try await publish(api)
        try await publish(api, id: "evt_018f4e6a5b7c7d2e9f00112233445568", type: "refund")
        try await publish(api, id: "evt_018f4e6a5b7c7d2e9f00112233445567", tenant: "globex")
        try await end(api, 1, 1, .refusedStatus, status: 500)
        try await end(api, 1, 2, .delivered, status: 204)
        let of = try await api.call("GET", "/api/v1/events/\(HistoryTests.id)/deliveries", key: RunningAPI.acme)
        #expect(of.status == 200 && ids("dlv_", in: of.body).count == 2)
        for (filter, count) in [
            ("", 5), ("tenant=acme", 4), ("state=failing", 1), ("state=failed", 1), ("state=delivered", 1),
            ("state=pending", 3), ("state=dead", 0), ("status_class=5xx", 1), ("status_class=2xx", 1),
            ("outcome=refusedStatus", 1), ("outcome=timedOut", 0), ("type=refund", 2), ("type=order.*", 3),
            ("event=\(HistoryTests.id)", 2), ("correlation_id=c-refund", 2), ("ordering_key=k", 0),
            ("since=2020-01-01T00:00:00Z", 5), ("until=2020-01-01T00:00:00Z", 0),
            ("since=2999-01-01T00:00:00Z", 0), ("tenant=acme&state=pending&type=refund", 2),
        ] {
            let answer = try await api.call("GET", "/api/v1/deliveries?\(filter)")
            #expect(answer.status == 200 && ids("dlv_", in: answer.body).count == count, "\(filter) \(answer.body)")
        }
        let own = try await api.call("GET", "/api/v1/deliveries", key: RunningAPI.acme).body
        #expect(ids("dlv_", in: own).count == 4 && !own.contains("globex"))
        // Pages: each delivery once, the newest event first.
        var cursor = ""
        var seen: [String] = []
        repeat {
            let page = try await api.call("GET", "/api/v1/deliveries?limit=2\(cursor)").body
            seen += ids("dlv_", in: page)
            cursor = page.firstMatch(of: /"next":"([0-9a-f]+)"/).map { "&cursor=\($0.1)" } ?? ""
        } while !cursor.isEmpty && seen.count < 9
        #expect(seen.count == 5 && Set(seen).count == 5)

        let failing = try await api.call("GET", "/api/v1/deliveries?state=failing").body
        let delivery = try #require(ids("dlv_", in: failing).first)
        let webhook = try #require(ids("wh_", in: failing).first)
        let one = try await api.call("GET", "/api/v1/deliveries/\(delivery)", key: RunningAPI.acme)
        #expect(one.body.contains(#""state":"failing","attempts":1,"outcome":"refusedStatus""#))
        let attempts = try await api.call("GET", "/api/v1/deliveries/\(delivery)/attempts", key: RunningAPI.acme)
        #expect(attempts.body.contains(#""status":500,"address":"192.0.2.1","reused_connection":true"#))
        #expect(attempts.body.contains(#""excerpt":"no such table""#))
        let webhooks = try await api.call("GET", "/api/v1/webhooks/\(webhook)/deliveries", key: RunningAPI.acme)
        #expect(ids("dlv_", in: webhooks.body).count == 2)
        // Foreign and unknown alike.
        let globex = try #require(
            ids("dlv_", in: try await api.call("GET", "/api/v1/deliveries?tenant=globex").body).first)
        for rest in ["", "/attempts"] {
            let foreign = try await api.call("GET", "/api/v1/deliveries/\(globex)\(rest)", key: RunningAPI.acme)
            let unknown = try await api.call("GET", "/api/v1/deliveries/dlv_0\(rest)", key: RunningAPI.acme)
            #expect(foreign.status == 404 && foreign.body == unknown.body)
        }
        for bad in ["state=lost", "status_class=500", "outcome=bad", "event=7", "type=a*b", "since=yesterday"] {
            let answer = try await api.call("GET", "/api/v1/deliveries?\(bad)")
            #expect(answer.status == 400 && answer.body.contains("invalid_parameter"), "\(bad)")
        }
        await api.stop()
    }

    @Test func `a delivered delivery is delivered again, and one that waits is cancelled`() async throws {
        let api = try await RunningAPI()
        try await publish(api)
        try await end(api, 1, 1, .delivered, status: 204)
        try await end(api, 1, 2, .refusedStatus, status: 500)
        let delivered = try #require(
            ids("dlv_", in: try await api.call("GET", "/api/v1/deliveries?state=delivered").body).first)
        let failing = try #require(
            ids("dlv_", in: try await api.call("GET", "/api/v1/deliveries?state=failing").body).first)
        let path = "/api/v1/deliveries/"
        #expect(try await api.call("POST", path + delivered + "/redeliver", key: RunningAPI.acme).status == 403)
        #expect(try await api.call("POST", path + delivered + "/cancel").status == 409)
        #expect(try await api.call("POST", path + failing + "/redeliver").status == 409)
        let again = try await api.call("POST", path + delivered + "/redeliver")
        #expect(again.status == 200 && again.body.contains(#""state":"pending","attempts":1"#), "\(again)")
        // Its retry is 30 s ahead or so: no sender has it.
        let cancelled = try await api.call("POST", path + failing + "/cancel")
        #expect(cancelled.status == 200 && cancelled.body.contains(#""state":"cancelled""#), "\(cancelled)")
        #expect(try await api.call("POST", path + failing + "/cancel").status == 409)
        let revived = try await api.call("POST", path + failing + "/redeliver")
        #expect(revived.status == 200 && revived.body.contains(#""state":"pending""#))
        #expect(try await api.call("POST", path + "dlv_0/cancel").status == 404)
        await api.stop()
    }

    @Test func `dead letters are listed, counted and scheduled again by filter`() async throws {
        let api = try await RunningAPI()
        try await publish(api)
        try await publish(api, id: "evt_018f4e6a5b7c7d2e9f00112233445567", tenant: "globex")
        try await end(api, 1, 1, .addressForbidden, status: 0, isHopeless: true)
        try await end(api, 1, 2, .addressForbidden, status: 0, isHopeless: true)
        try await end(api, 2, 3, .addressForbidden, status: 0, isHopeless: true)
        let list = "/api/v1/dead-letters"
        #expect(ids("dlv_", in: try await api.call("GET", list).body).count == 3)
        let own = try await api.call("GET", list, key: RunningAPI.acme).body
        #expect(ids("dlv_", in: own).count == 2 && !own.contains("globex"))
        for (filter, count) in [
            ("webhook=first", 1), ("tenant=globex", 1), ("outcome=addressForbidden", 3), ("outcome=timedOut", 0),
            ("type=order.*", 3), ("type=refund", 0), ("until=2020-01-01T00:00:00Z", 0),
        ] {
            let body = try await api.call("GET", "\(list)?\(filter)").body
            #expect(ids("dlv_", in: body).count == count, "\(filter) \(body)")
        }
        #expect(try await api.call("GET", "\(list)?webhook=theirs", key: RunningAPI.acme).status == 404)
        let redeliver = "\(list)/redeliver"
        func post(_ body: String, dryRun: Bool = false) async throws -> HTTPCall.Answer {
            try await api.call(
                "POST", redeliver + (dryRun ? "?dry_run=true" : ""), headers: [("Content-Type", "application/json")],
                body: body)
        }
        #expect(try await post("{}").status == 422)
        #expect(try await post(#"{"all":true,"tenant":"acme"}"#).status == 422)
        #expect(try await post(#"{"tennant":"acme"}"#).body.contains("did you mean tenant?"))
        #expect(try await post(#"{"tenant":"nobody"}"#).status == 404)
        let dry = try await post(#"{"tenant":"acme"}"#, dryRun: true)
        #expect(dry.body == #"{"dry_run":true,"deliveries":2,"without_webhook":0,"is_cut_off":false}"#)
        #expect(ids("dlv_", in: try await api.call("GET", list).body).count == 3)
        let one = try await post(#"{"tenant":"acme","webhook":"first"}"#)
        #expect(one.body == #"{"dry_run":false,"deliveries":1,"without_webhook":0,"is_cut_off":false}"#, "\(one)")
        #expect(ids("dlv_", in: try await api.call("GET", list).body).count == 2)
        let id = try #require(ids("dlv_", in: try await api.call("GET", "\(list)?tenant=globex").body).first)
        #expect(try await post(#"{"ids":["\#(id)"]}"#).body.contains(#""deliveries":1"#))
        #expect(try await post(#"{"ids":["x"]}"#).status == 400)
        #expect(try await post(#"{"all":true}"#).body.contains(#""deliveries":1"#))
        #expect(ids("dlv_", in: try await api.call("GET", list).body).isEmpty)
        await api.stop()
    }
}
