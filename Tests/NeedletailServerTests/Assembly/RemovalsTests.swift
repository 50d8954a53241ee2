import NeedletailServer
import Settings
import Store
import Testing
import WebhookModel

// F3: a file with few entries was applied whatever it ended.
@Suite struct RemovalsTests {
    private func present(_ endpoints: [String: Int], keys: Int = 1, origin: Origin = .provisioned) -> TenancyOutline {
        var outline = TenancyOutline()
        for (tenant, count) in endpoints {
            outline.tenants.append(.init(name: tenant, enabled: true, origin: origin))
            outline.endpoints += (0..<count).map { .init(tenant: tenant, name: "e\($0)", origin: origin) }
        }
        outline.keys = (0..<keys).map { .init(name: "k\($0)", origin: origin) }
        return outline
    }

    private func plan(_ endpoints: [String: [Int]], keys: [Int] = [0]) -> ProvisioningPlan {
        ProvisioningPlan(
            tenants: endpoints.map { tenant, numbers in
                DesiredTenant(
                    name: tenant,
                    endpoints: numbers.map {
                        DesiredEndpoint(
                            name: "e\($0)", settings: Endpoint.Settings(url: "https://a.example/", secrets: []))
                    })
            },
            keys: keys.map { DesiredKey(name: "k\($0)", tenants: .all, settings: APIKey.Settings(digest: [])) })
    }

    @Test(
        arguments: [
            // present endpoints of a, of b, keys; wanted endpoints of a, of b (nil: no such tenant), keys; objects
            (4, 0, 1, [0, 1, 2, 3], [], [0], false),
            (4, 0, 1, [0, 1], [], [0], false),
            (4, 0, 1, [0], [], [0], true),
            (4, 0, 1, [], [], [0], true),
            (1, 0, 1, [], [], [0], true),
            // As many come as go.
            (1, 0, 1, [9], [], [0], false),
            (4, 0, 1, [5, 6, 7, 8], [], [0], false),
            // A tenant leaves with its endpoints; as many in another one do not make up for it.
            (1, 3, 1, [0], nil, [0], true),
            (3, 1, 1, [0, 1, 2], nil, [0], false),
            (1, 3, 1, [0, 1, 2, 3, 4, 5], [], [0], true),
            // Keys.
            (1, 0, 3, [0], [], [], true),
            (1, 0, 3, [0], [], [0], true),
            (1, 0, 2, [0], [], [1], false),
            (1, 0, 1, [0], [], [7], false),
            (0, 0, 0, [], [], [], false),
        ] as [(Int, Int, Int, [Int], [Int]?, [Int], Bool)])
    func objections(a: Int, b: Int, keys: Int, wantedA: [Int], wantedB: [Int]?, wantedKeys: [Int], objects: Bool) {
        var wanted = ["a": wantedA]
        wanted["b"] = wantedB
        let removals = Removals(from: present(["a": a, "b": b], keys: keys), to: plan(wanted, keys: wantedKeys))
        #expect((removals.objection != nil) == objects, "\(removals)")
    }

    @Test func `what would go is named`() {
        let removals = Removals(
            from: present(["a": 2, "b": 1], keys: 2), to: plan(["a": [0]], keys: [1]))
        #expect(removals.endpoints == ["a/e1", "b/e0"] && removals.tenants == ["b"] && removals.keys == ["k0"])
        #expect(removals.lines.count == 4)
        #expect(removals.objection?.contains("2 of 3 endpoints (a/e1, b/e0)") == true)
        #expect(removals.objection?.contains("--allow-removal") == true)
    }

    @Test func `what the file did not create does not count`() {
        let removals = Removals(from: present(["a": 2], keys: 2, origin: .api), to: plan([:], keys: []))
        #expect(removals.lines.isEmpty && removals.objection == nil)
    }

    @Test func `a tenant that left before is not counted again`() {
        var outline = present(["a": 1, "b": 5])
        outline.tenants = outline.tenants.map { .init(name: $0.name, enabled: $0.name == "a", origin: $0.origin) }
        let removals = Removals(from: outline, to: plan(["a": [0]]))
        #expect(removals.lines.isEmpty && removals.objection == nil)
    }
}
