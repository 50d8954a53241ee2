import Testing
import WebhookModel

@Suite struct TenantDirectoryTests {
    private func find(_ name: String, in directory: TenantDirectory) -> UInt32? {
        Array(name.utf8).withUnsafeBytes { directory.tenant(named: $0)?.number.value }
    }

    @Test func findsEachOfManyTenantsAndNoOther() {
        let tenants = (1...5_000).map { Tenant(number: TenantNumber(UInt32($0)), name: "tenant-\($0)") }
        let directory = TenantDirectory(tenants: tenants, keys: [])
        for number in 1...5_000 { #expect(find("tenant-\(number)", in: directory) == UInt32(number)) }
        #expect(find("tenant-0", in: directory) == nil)
        #expect(find("", in: directory) == nil)
        #expect(find("tenant-1", in: .empty) == nil)
    }
}

@Suite struct SubscriptionTests {
    @Test(arguments: ["", "*.done", "a*", "a.*.b", ".*", String(repeating: "a", count: 129)])
    func refusesOtherPatterns(text: String) {
        #expect(Subscription.Pattern(text) == nil)
    }

    @Test(arguments: ["*", "task.*", "task.done"])
    func readsAndWritesPatterns(text: String) {
        #expect(Subscription.Pattern(text)?.text == text)
    }
}
