import Synchronization

/// A number that any thread adds to and any thread reads: relaxed, so it orders nothing else.
///
/// Meant for one `add` per batch. Reading never stops a writer.
public final class Counter: Sendable {
    private let number = Atomic<Int64>(0)

    public init() {}

    /// Adds `amount`; negative where the counter stands for a level.
    public func add(_ amount: Int) { number.add(Int64(amount), ordering: .relaxed) }

    /// Puts a level in place of the old one.
    public func set(_ level: Int) { number.store(Int64(level), ordering: .relaxed) }

    public var value: Int { Int(number.load(ordering: .relaxed)) }
}
