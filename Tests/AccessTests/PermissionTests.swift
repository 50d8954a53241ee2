import Access
import Testing
import WebhookModel

/// May this key do this for this tenant?
@Suite struct PermissionTests {
    private static let mine = TenantNumber(1), foreign = TenantNumber(2)

    private func key(_ scopes: [String], expiresAt: Int64? = nil, tenants: APIKey.Tenants = .only([mine])) -> APIKey {
        let settings = APIKey.Settings(digest: [], scopes: scopes.compactMap(APIKey.Scope.init), expiresAt: expiresAt)
        return APIKey(name: "k", tenants: tenants, settings: settings)
    }

    private static let reading: [Permission] = [
        .readTenants, .readWebhooks, .readEvents, .readDeliveries, .readMetrics, .readAudit,
    ]
    private static let managing: [Permission] =
        reading + [.manageTenants, .writeWebhooks, .writeDeliveries, .manageKeys]

    @Test(arguments: [
        (["publish"], [Permission.publish]),
        (["publish:order.*"], [.publish]),
        (["read"], reading),
        (["manage"], managing),
        (["publish:a", "read"], [.publish] + reading),
        (["publish", "manage"], [.publish] + managing),
        (["webhooks:read"], [.readWebhooks, .readTenants]),
        (["webhook:read"], [.readWebhooks, .readTenants]),
        (["webhooks:write"], [.writeWebhooks, .readWebhooks, .readTenants]),
        (["webhook:write"], [.writeWebhooks, .readWebhooks, .readTenants]),
        (["events:read"], [.readEvents]),
        (["deliveries:read"], [.readDeliveries]),
        (["deliveries:write"], [.writeDeliveries, .readDeliveries]),
        (["secret:reveal"], [.revealSecrets]),
        (["tenants:manage"], [.manageTenants, .readTenants]),
        (["keys:manage"], [.manageKeys]),
        (["metrics:read"], [.readMetrics]),
        (["audit:read"], [.readAudit]),
    ])
    func `a scope permits what it names`(scopes: [String], permitted: [Permission]) {
        for permission in Permission.allCases {
            let refusal = key(scopes).refusal(of: permission, tenant: Self.mine, wallMilliseconds: 0)
            #expect(refusal == (permitted.contains(permission) ? nil : .missingScope(permission)))
        }
    }

    @Test func `a key is for its tenants only`() {
        let some = key(["read"])
        #expect(some.refusal(of: .readWebhooks, tenant: Self.foreign, wallMilliseconds: 0) == .foreignTenant)
        #expect(some.refusal(of: .readWebhooks, tenant: nil, wallMilliseconds: 0) == nil)
        // The scope is checked first: a key without it learns nothing about tenants.
        #expect(
            some.refusal(of: .writeWebhooks, tenant: Self.foreign, wallMilliseconds: 0) == .missingScope(.writeWebhooks)
        )
        let all = key(["read"], tenants: .all)
        #expect(all.refusal(of: .readWebhooks, tenant: Self.foreign, wallMilliseconds: 0) == nil)
        #expect(some.opens(Self.mine) && !some.opens(Self.foreign) && all.opens(Self.foreign))
    }

    @Test func `an expired key permits nothing`() {
        let key = key(["read", "publish"], expiresAt: 1_000)
        for permission in [Permission.readWebhooks, .publish] {
            #expect(key.refusal(of: permission, tenant: Self.mine, wallMilliseconds: 999) == nil)
            #expect(key.refusal(of: permission, tenant: Self.mine, wallMilliseconds: 1_000) == .expired)
        }
    }

    @Test func `each refusal has its own message`() {
        let refusals: [AccessRefusal] =
            [
                .nothingShown, .unknownKey, .unknownCertificate, .keyRemoved, .keyReplaced, .certificateRemoved,
                .expired,
                .foreignTenant,
            ] + Permission.allCases.map { .missingScope($0) }
        #expect(Set(refusals.map(\.description)).count == refusals.count)
    }
}
