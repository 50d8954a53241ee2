import Sender
import Testing
import WebhookModel

@Suite("LookupQueue")
struct LookupQueueTests {
    @Test("tenants take turns, each with at most two look-ups under way")
    func turns() {
        var queue = LookupQueue<String>(perTenant: 2)
        for name in ["a1", "a2", "a3", "a4"] { queue.append(name, for: TenantNumber(1)) }
        for name in ["b1"] { queue.append(name, for: TenantNumber(2)) }
        #expect([queue.next(), queue.next(), queue.next()].map { $0?.item } == ["a1", "b1", "a2"])
        #expect(queue.next() == nil)
        queue.finished(TenantNumber(2))
        #expect(queue.next() == nil)
        queue.finished(TenantNumber(1))
        #expect(queue.next()?.item == "a3")
        #expect(queue.next() == nil)
    }
}
