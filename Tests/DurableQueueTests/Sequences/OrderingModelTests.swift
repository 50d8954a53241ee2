import DurableQueue
import TestSupport
import Testing

@Suite struct OrderingModelTests {
    /// Some 500 events of ten keys, three tenths of the attempts fail; ten releases, four restarts, two of them after a commit in doubt.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func oneDeliveryOfAKeyIsOutAtATimeInOrderAndNothingIsLost(seed: UInt64) async throws {
        let history = try await OrderingHistory(seed: seed)
        for step in 1...120 {
            try history.publishSome()
            try history.take()
            history.reportSome(percent: 60)
            if step % 12 == 0 { try await history.release() }
            if step % 25 == 0 { try await history.reopen(crash: step % 50 == 0) }
        }
        while true {
            history.reportSome(percent: 100)
            try await history.release()
            if history.isOver { break }
            try history.take(atLeast: 1)
        }
        try history.fixture.waitForStatistics { $0.pending == 0 && $0.held == 0 && $0.heldKeys == 0 }
        #expect(history.restarts == 4 && history.events > 300)
        history.fixture.queue.stop()
    }
}
