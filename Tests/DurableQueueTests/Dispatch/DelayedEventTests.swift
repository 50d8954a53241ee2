import DurableQueue
import Scheduling
import TestSupport
import Testing
import WebhookModel

/// Events with `deliver at`, at times that the test sets.
@Suite struct DelayedEventTests {
    @Test func aDelayedEventWaitsForItsTime() throws {
        let fixture = try WriterFixture()
        try fixture.provision()
        let delayed = fixture.publish([1], deliverAt: fixture.now + 60_000)
        let other = fixture.publish([2])
        try fixture.settle()
        #expect(delayed.drafts.map(\.result) == [.accepted] && other.drafts.map(\.result) == [.accepted])
        #expect(fixture.takeHanded().map(\.event.id.low) == [2])
        fixture.advance(milliseconds: 59_999)
        try fixture.settle()
        #expect(fixture.takeHanded().isEmpty)
        // The writer wakes for it by itself.
        let pause = fixture.pauseNanoseconds()
        #expect(0 < pause && pause <= 1_000_000)
        fixture.advance(milliseconds: 1)
        try fixture.settle()
        #expect(fixture.takeHanded().map(\.event.id.low) == [1])
    }

    @Test func aDelayedEventWaitsOverARestart() throws {
        let folder = TemporaryDirectory()
        var first: WriterFixture? = try WriterFixture(folder: folder)
        try first!.provision()
        first!.publish([1], deliverAt: first!.now + 60_000)
        try first!.settle()
        #expect(first!.takeHanded().isEmpty)
        first = nil
        // The second fixture's clock begins where that of the first began.
        let second = try WriterFixture(folder: folder)
        second.advance(milliseconds: 59_999)
        try second.settle()
        #expect(second.takeHanded().isEmpty)
        second.advance(milliseconds: 1)
        try second.settle()
        #expect(second.takeHanded().map(\.event.id.low) == [1])
    }

    @Test func aDelayedEventOfARemovedEndpointBecomesADeadLetterWhenItIsDue() throws {
        let fixture = try WriterFixture(configuration: .withoutHold())
        try fixture.provision()
        fixture.publish([1], deliverAt: fixture.now + 60_000)
        try fixture.perform()
        _ = fixture.change([.removeEndpoint(tenant: "tenant-1", name: "e1")])
        try fixture.settle()
        fixture.advance(milliseconds: 60_000)
        try fixture.settle()
        #expect(fixture.statistics.deadLettered == 1 && fixture.statistics.pending == 0)
        #expect(fixture.takeHanded().isEmpty)
    }
}
