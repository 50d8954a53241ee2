import DurableQueue
import Scheduling
import Testing
import WebhookModel

/// What a full sender has left in the due index, and what comes after it.
@Suite struct OvertakingTests {
    // The fastest of several senders got its deliveries at once; what a full one had left was handed over when the load ended.
    @Test func whatAFullSenderLeftIsNotOvertakenForLongerThanASecond() throws {
        let fixture = try WriterFixture(configuration: QueueConfiguration(diskReserveBytes: 0, heldPerSender: 8))
        try fixture.provision()
        fixture.publish(1...10)
        try fixture.linger()
        try fixture.perform()
        var held = fixture.takeHanded()
        #expect(held.map(\.event.position.value) == Array(1...8))
        var handedAt: [UInt64: Int64] = [:]
        let start = fixture.now
        // One delivery ends for each new event, so the sender stays full.
        for number in UInt64(11)...200 {
            if !held.isEmpty { fixture.report([held.removeFirst()]) }
            fixture.publish([number])
            try fixture.linger()
            try fixture.perform()
            let handed = fixture.takeHanded()
            for delivery in handed { handedAt[delivery.event.position.value] = fixture.now - start }
            held += handed
        }
        let late = try #require(handedAt[9])
        #expect(late > 100 && late <= Limits.leftMilliseconds + 100, "\(late)")
        #expect(try #require(handedAt[10]) <= Limits.leftMilliseconds + 100)
    }
}
