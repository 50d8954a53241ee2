import DurableQueue
import Management
import Store
import TestSupport
import Testing
import WebhookModel

/// The routes of the skeleton, over a real port.
@Suite struct ServerTests {
    @Test func `health needs no key and tells the reason`() async throws {
        let api = try await RunningAPI()
        #expect(try await api.call("GET", "/health/live", key: nil).body == #"{"status":"live"}"#)
        #expect(try await api.call("GET", "/health/ready", key: nil).body == #"{"status":"ready"}"#)
        api.state.enter(.stopping)
        let stopping = try await api.call("GET", "/health/ready", key: nil)
        #expect(stopping.status == 503 && stopping.body.contains(#""reason":"stopping""#))
        #expect(try await api.call("GET", "/health/live", key: nil).status == 200)
        await api.stop()
    }

    @Test func `metrics are text for Prometheus, and need a key`() async throws {
        let api = try await RunningAPI()
        let answer = try await api.call("GET", "/metrics", key: RunningAPI.acme)
        #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            answer.body == """
                # HELP needletail_test_total A test.
                # TYPE needletail_test_total counter
                needletail_test_total{a="b\\""} 1

                """)
        #expect(try await api.call("GET", "/metrics", key: nil).status == 401)
        #expect(try await api.call("GET", "/metrics", key: RunningAPI.publisher).status == 403)
        await api.stop()
    }

    @Test func `a key sees its tenants only`() async throws {
        let api = try await RunningAPI()
        let all = try await api.call("GET", "/api/v1/tenants")
        #expect(all.status == 200 && names(in: all.body) == ["asleep", "globex", "acme"])
        let own = try await api.call("GET", "/api/v1/tenants", key: RunningAPI.acme)
        #expect(names(in: own.body) == ["acme"] && own.body.hasSuffix(#""next":null}"#))
        let one = try await api.call("GET", "/api/v1/tenants/acme", key: RunningAPI.acme)
        #expect(one.status == 200 && one.headers["etag"] == "\"1\"")
        let foreign = try await api.call("GET", "/api/v1/tenants/globex", key: RunningAPI.acme)
        let unknown = try await api.call("GET", "/api/v1/tenants/nobody", key: RunningAPI.acme)
        #expect(foreign.status == 404 && foreign.body == unknown.body)
        await api.stop()
    }

    @Test func `webhooks come in pages, and one by its id`() async throws {
        let api = try await RunningAPI()
        let first = try await api.call("GET", "/api/v1/webhooks?limit=2")
        #expect(names(in: first.body) == ["theirs", "second"])
        let cursor = try #require(first.body.firstMatch(of: /"next":"([0-9a-f]+)"/)?.1)
        #expect(names(in: try await api.call("GET", "/api/v1/webhooks?limit=2&cursor=\(cursor)").body) == ["first"])
        // A cursor is for its list and its key.
        for (path, key) in [
            ("/api/v1/webhooks?tenant=acme&cursor=\(cursor)", RunningAPI.admin),
            ("/api/v1/tenants?cursor=\(cursor)", RunningAPI.admin),
            ("/api/v1/webhooks?cursor=\(cursor)", RunningAPI.acme), ("/api/v1/webhooks?cursor=00", RunningAPI.admin),
        ] {
            let answer = try await api.call("GET", path, key: key)
            #expect(answer.status == 400 && answer.body.contains(#""code":"invalid_cursor""#), "\(path)")
        }
        let own = try await api.call("GET", "/api/v1/webhooks", key: RunningAPI.acme)
        #expect(names(in: own.body) == ["second", "first"])
        let id = try #require(own.body.firstMatch(of: /wh_[0-9a-f]{32}/)?.0)
        let one = try await api.call("GET", "/api/v1/webhooks/\(id)", key: RunningAPI.acme)
        #expect(one.status == 200 && one.body.contains(#""url":"https://example.com/second""#))
        #expect(!one.body.contains("whsec_"))
        let foreign = try #require(first.body.firstMatch(of: /wh_[0-9a-f]{32}/)?.0)
        let refused = try await api.call("GET", "/api/v1/webhooks/\(foreign)", key: RunningAPI.acme)
        let unknown = try await api.call("GET", "/api/v1/webhooks/wh_0", key: RunningAPI.acme)
        #expect(refused.status == 404 && refused.body == unknown.body)
        let filtered = try await api.call("GET", "/api/v1/webhooks?tenant=globex", key: RunningAPI.acme)
        #expect(filtered.status == 404)
        await api.stop()
    }

    @Test func `an event is durable before the answer`() async throws {
        let api = try await RunningAPI()
        let id = "evt_018f4e6a5b7c7d2e9f00112233445566"
        let payload = #"{ "b":1.50, "a" : [ ] }"#
        let body = #"{"tenant":"acme","type":"order.placed","id":"\#(id)","payload":\#(payload)}"#
        let answer = try await api.call("POST", "/api/v1/events", key: RunningAPI.publisher, body: body)
        #expect(answer.status == 202 && answer.body == #"{"id":"\#(id)","result":"accepted"}"#)
        let number = try #require(EventID(webhookID: Array(id.utf8)))
        let tenant = try #require(api.queue.tenantDirectory.tenant(name: "acme")?.number)
        let found = try api.desk.store.snapshot { snapshot in try snapshot.event(number, of: tenant) }
        guard case .event(let event) = found else {
            Issue.record("the event is not in the store")
            return
        }
        #expect(String(decoding: event.bytes, as: UTF8.self).hasSuffix(payload))
        let again = try await api.call("POST", "/api/v1/events", key: RunningAPI.publisher, body: body)
        #expect(again.status == 202 && again.body.contains(#""result":"duplicate""#))
        await api.stop()
    }

    @Test(arguments: [
        (#"{"tenant":"acme","type":"order.placed","payload":{}"#, 400, "malformed"),
        (#"{"tenant":"acme","tenant":"acme","type":"order.placed","payload":{}}"#, 400, "given twice"),
        (#"{"tenant":"acme","type":"order.placed","paylod":{}}"#, 422, "did you mean payload?"),
        (#"{"tenant":"acme","type":"order.placed"}"#, 422, "payload is missing"),
        (#"{"tenant":"acme","type":"refund","payload":{}}"#, 403, "forbidden"),
        (#"{"tenant":"globex","type":"order.placed","payload":{}}"#, 403, "forbidden"),
        (#"{"tenant":"nobody","type":"order.placed","payload":{}}"#, 403, "forbidden"),
        (#"{"tenant":"acme","type":"order.placed","payload":{},"deliver_at":"tomorrow"}"#, 422, "deliver_at"),
    ])
    func `a bad event is refused with its reason`(body: String, status: Int, word: String) async throws {
        let api = try await RunningAPI()
        let answer = try await api.call("POST", "/api/v1/events", key: RunningAPI.publisher, body: body)
        #expect(answer.status == status && answer.body.contains(word), "\(answer)")
        #expect(answer.headers["content-type"] == "application/problem+json")
        await api.stop()
    }

    @Test func `a server that stops takes no event`() async throws {
        let api = try await RunningAPI()
        api.state.enter(.stopping)
        let body = #"{"tenant":"acme","type":"order.placed","payload":{}}"#
        let answer = try await api.call("POST", "/api/v1/events", body: body)
        #expect(answer.status == 503 && answer.headers["retry-after"] == "1" && answer.body.contains("stopping"))
        await api.stop()
    }

    /// The values of the fields `name`, in order.
    private func names(in body: String) -> [String] { body.matches(of: /"name":"([^"]+)"/).map { String($0.1) } }
}
