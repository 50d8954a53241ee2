public import WebhookModel

/// The numbers of one process: every machine writes its own, anybody reads all.
///
/// Fixed in shape, so writing needs no look-up by name and no lock. One `add` per batch.
public final class StatsBoard: Sendable {
    private let tallies = Tally.allCases.map { _ in Counter() }
    private let levels = Level.allCases.map { _ in Counter() }
    private let stages = Stage.allCases.map { _ in LatencyHistogram() }
    // By raw value, with gaps: the classes of outcomes start at 0, 16 and 32.
    private let outcomes = (0...(Outcome.allCases.map { Int($0.rawValue) }.max() ?? 0)).map { _ in Counter() }

    public init() {}

    public func add(_ amount: Int, to tally: Tally) { tallies[tally.rawValue].add(amount) }

    public func set(_ level: Level, to amount: Int) { levels[level.rawValue].set(amount) }

    /// Moves a level that several threads share.
    public func move(_ level: Level, by amount: Int) { levels[level.rawValue].add(amount) }

    /// Counts attempts that ended so.
    public func add(_ amount: Int, attemptsWith outcome: Outcome) { outcomes[Int(outcome.rawValue)].add(amount) }

    /// The histogram of a stage, to be kept by the thread that records it.
    public func latency(_ stage: Stage) -> LatencyHistogram { stages[stage.rawValue] }

    /// All numbers, each read once; they are not of one instant.
    public func snapshot() -> StatsSnapshot {
        StatsSnapshot(
            tallies: tallies.map(\.value), levels: levels.map(\.value), outcomes: outcomes.map(\.value),
            stages: stages.map { $0.snapshot() })
    }
}

/// The board at one moment.
public struct StatsSnapshot: Sendable, Equatable {
    fileprivate let tallies: [Int]
    fileprivate let levels: [Int]
    fileprivate let outcomes: [Int]
    fileprivate let stages: [LatencySnapshot]

    public subscript(_ tally: Tally) -> Int { tallies[tally.rawValue] }
    public subscript(_ level: Level) -> Int { levels[level.rawValue] }
    public subscript(_ stage: Stage) -> LatencySnapshot { stages[stage.rawValue] }
    public subscript(attempts outcome: Outcome) -> Int { outcomes[Int(outcome.rawValue)] }
}
