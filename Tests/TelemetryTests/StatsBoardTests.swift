import Telemetry
import Testing
import WebhookModel

@Suite struct StatsBoardTests {
    @Test func `adds from many threads all count`() async {
        let board = StatsBoard()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        board.add(1, to: .eventsStored)
                        board.latency(.commit).record(100)
                    }
                }
            }
        }
        let snapshot = board.snapshot()
        #expect(snapshot[.eventsStored] == 80_000)
        #expect(snapshot[.commit].count == 80_000)
        #expect(snapshot[.eventsDuplicate] == 0)
    }

    @Test func `every measure has a place of its own`() {
        let board = StatsBoard()
        for tally in Tally.allCases { board.add(tally.rawValue + 1, to: tally) }
        for level in Level.allCases { board.set(level, to: level.rawValue + 100) }
        for outcome in Outcome.allCases { board.add(Int(outcome.rawValue) + 1_000, attemptsWith: outcome) }
        let snapshot = board.snapshot()
        for tally in Tally.allCases { #expect(snapshot[tally] == tally.rawValue + 1) }
        for level in Level.allCases { #expect(snapshot[level] == level.rawValue + 100) }
        for outcome in Outcome.allCases { #expect(snapshot[attempts: outcome] == Int(outcome.rawValue) + 1_000) }
    }

    @Test func `a level moves both ways`() {
        let board = StatsBoard()
        board.move(.connections, by: 3)
        board.move(.connections, by: -1)
        #expect(board.snapshot()[.connections] == 2)
    }
}
