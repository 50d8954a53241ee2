import DurableQueue
import Scheduling
import TestSupport
import Testing
import Threading
import WebhookModel

@Suite struct KeyThroughputTests {
    /// A key's deliveries wait for each other's commits, and never for the company that outcomes otherwise wait for.
    @Test func theNextDeliveryOfAKeyFollowsEachCommit() async throws {
        let fixture = try QueueFixture()
        try await fixture.provision(order: .byKey(onDeadLetter: .skip))
        let count = 200
        _ = try fixture.publish((1...UInt64(count)).map { fixture.record($0, key: "a") })
        let began = Instant.now().monotonic
        for place in 1...UInt64(count) {
            let handed = try fixture.takeHanded(1)
            #expect(handed.map(\.event.position.value) == [place])
            fixture.report(handed)
        }
        try fixture.waitForStatistics { $0.delivered == count }
        let milliseconds = Double(Instant.now().monotonic - began) / 1_000_000
        print(
            "one key: \(count) deliveries one after another in \(Int(milliseconds)) ms, \(milliseconds / Double(count)) ms each"
        )
        // With the company's 10 ms for each it would take two seconds and more.
        #expect(milliseconds < Double(count) * 8)
        fixture.queue.stop()
    }
}
