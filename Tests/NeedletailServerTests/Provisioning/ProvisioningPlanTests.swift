import NeedletailServer
import Settings
import Testing
import WebhookModel

let secretText = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

@Suite struct ProvisioningPlanTests {
    private func plan(_ text: String, environment: [String: String] = [:]) throws -> ProvisioningPlan {
        try ProvisioningPlan.load(text: text.whole, named: "p.yaml", environment: environment)
    }

    @Test func `a whole file becomes a plan`() throws {
        let plan = try plan(
            """
            tenants:
              - name: acme
                endpoints:
                  - name: orders
                    url: HTTPS://Hooks.ACME.example/orders?x=1
                    events: [order.*, invoice.paid]
                    secrets: ["\(secretText)"]
                    window: 4
                    timeout: 20s
                    retry: { delays: [1s, 5m], jitter_percent: 0 }
                    enabled: false
                  - { name: all, url: "https://a.example/", secret: "\(secretText)" }
              - { name: beta, enabled: false }
            api_keys:
              - { name: shop, key: 0123456789abcdef, tenants: [acme, beta] }
              - { name: admin, key_env: ADMIN_KEY, tenants: all }
            """, environment: ["ADMIN_KEY": "fedcba9876543210"])
        #expect(plan.tenants.map(\.name) == ["acme", "beta"])
        #expect(plan.tenants.map(\.enabled) == [true, false])
        #expect(plan.endpointCount == 2)
        let orders = try #require(plan.tenants[0].endpoints.first)
        #expect(orders.name == "orders")
        #expect(
            orders.settings
                == Endpoint.Settings(
                    url: "https://hooks.acme.example/orders?x=1",
                    subscription: Subscription([.prefix("order."), .exact("invoice.paid")]), secrets: [secretText],
                    retry: RetryPolicy(delays: [1_000, 300_000], jitterPercent: 0), window: 4, timeout: 20_000,
                    enabled: false))
        #expect(
            plan.tenants[0].endpoints[1].settings
                == Endpoint.Settings(url: "https://a.example/", secrets: [secretText]))
        #expect(plan.keys.map(\.tenants) == [.only(["acme", "beta"]), .all])
        // sha256sum of 0123456789abcdef
        let digest = plan.keys[0].settings.digest.map { String($0 / 16, radix: 16) + String($0 % 16, radix: 16) }
            .joined()
        #expect(digest == "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f")
    }

    @Test func `a repeated tenant is made with its number in every text`() throws {
        let plan = try plan(
            """
            tenants:
              - name: tenant-{n}
                repeat: 3
                endpoints:
                  - { name: "hook-{n}", url: "https://a.example/{n}", secret: "\(secretText)" }
            api_keys: [{ name: loader, key: 0123456789abcdef, tenants: all }]
            """)
        #expect(plan.tenants.map(\.name) == ["tenant-000", "tenant-001", "tenant-002"])
        #expect(plan.tenants[2].endpoints[0].name == "hook-002")
        #expect(plan.tenants[2].endpoints[0].settings.url == "https://a.example/002")
    }

    @Test func `numbers of repeated tenants have the same width`() throws {
        let plan = try plan("tenants: [{ name: \"t{n}\", repeat: 1001 }]")
        #expect(plan.tenants.first?.name == "t0000")
        #expect(plan.tenants.last?.name == "t1000")
        #expect(plan.tenants.count == 1_001)
    }

    @Test(arguments: [
        ("{ max_attempts: 4, backoff_seconds: 10, factor: 3, cap: 1m }", [10_000, 30_000, 60_000] as [Int64]),
        ("{ max_attempts: 1 }", []),
        ("{ max_attempts: 3 }", [5_000, 10_000]),
        ("{ delays: [] }", []),
        ("{ delays: [500ms, 1s] }", [500, 1_000]),
        ("{ jitter_percent: 10 }", RetryPolicy.standard.delays),
        ("{ max_attempts: 4, backoff_seconds: 0.5, factor: 10, cap_seconds: 30 }", [500, 5_000, 30_000]),
    ])
    func `a retry rule is a schedule`(written: String, delays: [Int64]) throws {
        let plan = try plan(
            "tenants: [{ name: a, endpoints: [{ name: e, url: \"https://a.example\", secret: \"\(secretText)\", retry: \(written) }] }]"
        )
        #expect(plan.tenants[0].endpoints[0].settings.retry == RetryPolicy(delays: delays))
    }

    @Test func `a tenant has its share, its rates and the policy of its endpoints`() throws {
        let plan = try plan(
            """
            tenants:
              - name: acme
                retry: { delays: [1s], jitter_percent: 0 }
                rate: { per_second: 500, burst: 20 }
                weight: 6
                retry_rate: 50
                backlog: 100000
                endpoints:
                  - { name: heir, url: "https://a.example/", secret: "\(secretText)" }
                  - { name: own, url: "https://b.example/", secret: "\(secretText)", rate: { per_second: 9 }, retry: { max_attempts: 1 } }
              - name: plain
            """)
        var settings = Tenant.Settings()
        settings.retry = RetryPolicy(delays: [1_000], jitterPercent: 0)
        settings.rate = Rate(perSecond: 500, burst: 20)
        settings.weight = 6
        settings.retriesPerSecond = 50
        settings.backlog = 100_000
        #expect(plan.tenants.map(\.settings) == [settings, Tenant.Settings()])
        let endpoints = plan.tenants[0].endpoints.map(\.settings)
        #expect(endpoints.map(\.retry) == [nil, RetryPolicy(delays: [])])
        #expect(endpoints.map(\.rate) == [nil, Rate(perSecond: 9, burst: 9)])
    }

    @Test func `a secret may come from the environment`() throws {
        let plan = try plan(
            "tenants: [{ name: a, endpoints: [{ name: e, url: \"https://a.example\", secret_env: ACME }] }]",
            environment: ["ACME": secretText])
        #expect(plan.tenants[0].endpoints[0].settings.secrets == [EndpointSecret(secretText)])
    }
}
